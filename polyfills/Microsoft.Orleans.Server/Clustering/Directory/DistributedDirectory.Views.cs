namespace Orleans.Runtime.Clustering.Directory;

/// <summary>Changes of the membership.</summary>
internal sealed partial class DistributedDirectory
{
    private void OnMembershipChanged()
    {
        lock (_lock)
        {
            ClusterMembershipSnapshot snapshot = _membership.CurrentSnapshot;
            DirectoryView before = _view;
            if (snapshot.Version <= before.Version)
                return;

            // After a version that was missed, parts may have gone to others and come back.
            DirectoryRing ring = DirectoryView.RingOf(snapshot);
            bool isNext = snapshot.Version.Value == before.Version.Value + 1;
            bool isSame = isNext && ring.HasSameSilos(before.Ring);
            Volatile.Write(ref _view, new DirectoryView(snapshot, isSame ? before.Ring : ring));
            RemoveWhatIsGone();
            if (!isSame)
                Recover(isNext ? before.Ring : null);
            LogView(ring.Silos.Length, snapshot.Version, _entries.Count);
        }
    }

    private void RemoveWhatIsGone()
    {
        foreach ((GrainId grain, Registration entry) in _entries)
        {
            if (!_view.Hosts.Contains(entry.Address.SiloAddress!) || !_silo.Equals(_view.Ring.OwnerOf(grain)))
                _entries.Remove(grain);
        }
    }

    // What was this silo's before stays as it is, if it was complete.
    private void Recover(DirectoryRing? before)
    {
        if (!_view.Ring.Silos.Contains(_silo))
            return;

        DirectoryView view = _view;
        PartRecovery unfinished = _recovery;
        if (unfinished.Completion.IsCompleted)
            unfinished = PartRecovery.None;
        _recovery = new PartRecovery(
            g => before is null || !_silo.Equals(before.OwnerOf(g)) || unfinished.Covers(g),
            () => RecoverAsync(view));
        _recovery.Start();
    }

    private Task RecoverAsync(DirectoryView view) => Task.WhenAll(view.Hosts.Select(host => RecoverFromAsync(host, view)));

    // Until it has told, or is dead, or the parts have changed hands again.
    private async Task RecoverFromAsync(SiloAddress host, DirectoryView view)
    {
        bool isLogged = false;
        while (!_isClosed)
        {
            DirectoryView now = Volatile.Read(ref _view);
            if (!ReferenceEquals(now.Ring, view.Ring) || !now.Hosts.Contains(host))
                return;

            try
            {
                Registration[] told = host.Equals(_silo)
                    ? await GetRegistrationsAsync(view.Ring.Silos, _silo, view.Version)
                    : await _controls.Of(host).GetRegistrations(view.Ring.Silos, _silo, view.Version);
                Take(told, view);
                return;
            }
            catch (Exception exception)
            {
                if (!isLogged)
                    LogRecoveryWaits(host, exception);
                isLogged = true;
                await Task.Delay(RetryDelay, _time);
            }
        }
    }

    private void Take(Registration[] told, DirectoryView view)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_view.Ring, view.Ring))
                return;

            foreach (Registration registration in told)
                TakeOne(registration);
        }
    }

    private void TakeOne(Registration registration)
    {
        _entries.TryGetValue(registration.Address.GrainId, out Registration? existing);

        // One that has moved may still be told by the silo that it has left.
        if (existing is not null && existing.Previous == registration.Address.ActivationId)
            return;

        Registration winner = Enter(registration);
        if (!ReferenceEquals(winner, registration) && winner.Address.ActivationId != registration.Address.ActivationId)
            Drop(winner.Address, registration.Address);
    }

    private void Drop(GrainAddress winner, GrainAddress loser)
    {
        LogDuplicate(winner.GrainId, winner, loser);
        _ = _controls.Of(loser.SiloAddress!).DropDuplicate(loser);
    }
}
