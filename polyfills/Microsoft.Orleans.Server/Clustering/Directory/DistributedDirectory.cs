using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Membership;

namespace Orleans.Runtime.Clustering.Directory;

/// <summary>
/// The directory of a cluster of processes. Each grain's address is kept by the silo that a hash points to. When the membership changes, parts change hands: the new
/// owner learns what is in them from the silos that have the activations, which by then know of the change too, and answers nothing before. An activation counts as
/// registered only if no part has changed hands while it was asked for.
/// </summary>
internal sealed partial class DistributedDirectory : IActivationDirectory, IDisposable
{
    private const int MaxCached = 200_000;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<GrainId, Registration> _entries = [];
    private readonly Dictionary<GrainId, Registration> _local = [];
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _cache = new();
    private readonly SiloAddress _silo;
    private readonly SiloMembership _membership;
    private readonly SiloControls _controls;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private DirectoryView _view;
    private PartRecovery _recovery = PartRecovery.None;
    private bool _isClosed;

    public DistributedDirectory(ILocalSiloDetails silo, SiloMembership membership, SiloControls controls, TimeProvider time, ILogger<DistributedDirectory> logger)
    {
        _silo = silo.SiloAddress;
        _membership = membership;
        _controls = controls;
        _time = time;
        _logger = logger;
        _view = new DirectoryView(membership.CurrentSnapshot, DirectoryView.RingOf(membership.CurrentSnapshot));
        membership.Changed += OnMembershipChanged;
    }

    public void Dispose()
    {
        _isClosed = true;
        _membership.Changed -= OnMembershipChanged;
    }

    public async ValueTask<GrainAddress> RegisterAsync(GrainAddress address, GrainAddress? previous)
    {
        ActivationId before = previous?.ActivationId ?? default;
        while (true)
        {
            DirectoryView view = Volatile.Read(ref _view);
            DirectoryAnswer answer = await AskAsync(
                view, address.GrainId, () => RegisterAsync(address, before, view.Version), c => c.Register(address, before, view.Version));
            if (await TryAcceptAsync(answer, view, new Registration(address, before)))
                return answer.Address!;
        }
    }

    public async ValueTask<GrainAddress?> LookupAsync(GrainId grain, bool useCache)
    {
        if (TryFindHere(grain) is { } here)
            return here;
        if (useCache && _cache.TryGetValue(grain, out GrainAddress? cached))
            return cached;

        while (true)
        {
            DirectoryView view = Volatile.Read(ref _view);
            DirectoryAnswer answer = await AskAsync(view, grain, () => LookupAsync(grain, view.Version), c => c.Lookup(grain, view.Version));
            if (answer.IsMoved)
                await _membership.Refresh(answer.MovedSince);
            else
                return Cached(grain, answer.Address);
        }
    }

    public async ValueTask UnregisterAsync(GrainAddress address)
    {
        Release(address);
        Invalidate(address.GrainId, address.SiloAddress!);
        try
        {
            DirectoryAnswer answer;
            do
            {
                DirectoryView view = Volatile.Read(ref _view);
                answer = await AskAsync(view, address.GrainId, () => UnregisterAsync(address, view.Version), c => c.Unregister(address, view.Version));
                if (answer.IsMoved)
                    await _membership.Refresh(answer.MovedSince);
            }
            while (answer.IsMoved);
        }
        catch (Exception exception)
        {
            LogUnregisterFailed(address, exception);
        }
    }

    public void Release(GrainAddress address)
    {
        lock (_lock)
        {
            if (_local.TryGetValue(address.GrainId, out Registration? mine) && mine.Address.ActivationId == address.ActivationId)
                _local.Remove(address.GrainId);
        }
    }

    public void Invalidate(GrainId grain, SiloAddress silo)
    {
        if (_cache.TryGetValue(grain, out GrainAddress? cached) && silo.Equals(cached.SiloAddress))
            _cache.TryRemove(KeyValuePair.Create(grain, cached));
    }

    public void RemoveSilo(SiloAddress silo)
    {
        foreach (KeyValuePair<GrainId, GrainAddress> entry in _cache.Where(e => silo.Equals(e.Value.SiloAddress)))
            _cache.TryRemove(entry);
    }

    /// <summary>Enters an activation in this silo's part.</summary>
    public Task<DirectoryAnswer> RegisterAsync(GrainAddress address, ActivationId previous, MembershipVersion view)
        => AnswerAsync(address.GrainId, view, () => Enter(new Registration(address, previous)).Address);

    /// <summary>Looks into this silo's part.</summary>
    public Task<DirectoryAnswer> LookupAsync(GrainId grain, MembershipVersion view)
        => AnswerAsync(grain, view, () => _entries.GetValueOrDefault(grain)?.Address);

    /// <summary>Takes an activation out of this silo's part: what is still being learned of it may have it too.</summary>
    public Task<DirectoryAnswer> UnregisterAsync(GrainAddress address, MembershipVersion view) => AnswerAsync(
        address.GrainId,
        view,
        () =>
        {
            if (_entries.TryGetValue(address.GrainId, out Registration? entry) && entry.Address.ActivationId == address.ActivationId)
                _entries.Remove(address.GrainId);
            return null;
        });

    /// <summary>What is registered on this silo and belongs to the owner's part, as of a membership at least as new as the given one.</summary>
    public async Task<Registration[]> GetRegistrationsAsync(SiloAddress[] ring, SiloAddress owner, MembershipVersion view)
    {
        await SeeAsync(view);
        var parts = new DirectoryRing(ring);
        lock (_lock)
            return [.. _local.Values.Where(r => owner.Equals(parts.OwnerOf(r.Address.GrainId)))];
    }

    private GrainAddress? TryFindHere(GrainId grain)
    {
        lock (_lock)
            return _local.GetValueOrDefault(grain)?.Address;
    }

    private GrainAddress? Cached(GrainId grain, GrainAddress? address)
    {
        if (address is null || address.SiloAddress!.Equals(_silo))
            return address;

        if (_cache.Count >= MaxCached)
            _cache.Clear();
        _cache[grain] = address;
        return address;
    }

    // The owner may be gone without anybody knowing it yet: then the next membership has another one.
    private async Task<DirectoryAnswer> AskAsync(
        DirectoryView view, GrainId grain, Func<Task<DirectoryAnswer>> here, Func<ISiloControl, Task<DirectoryAnswer>> there)
    {
        SiloAddress? owner = view.Ring.OwnerOf(grain);
        if (owner is null)
            return DirectoryAnswer.Of(null);
        if (owner.Equals(_silo))
            return await here();

        try
        {
            return await there(_controls.Of(owner));
        }
        catch (Exception exception) when (exception is SiloUnavailableException or TimeoutException && !_isClosed)
        {
            await Task.Delay(RetryDelay, _time);
            await _membership.Refresh();
            return DirectoryAnswer.Moved(_membership.CurrentSnapshot.Version);
        }
    }

    private async ValueTask<bool> TryAcceptAsync(DirectoryAnswer answer, DirectoryView asked, Registration mine)
    {
        if (answer.IsMoved)
        {
            await _membership.Refresh(answer.MovedSince);
            return false;
        }

        lock (_lock)
        {
            if (!ReferenceEquals(_view.Ring, asked.Ring))
                return false;
            if (answer.Address is null || answer.Address.ActivationId == mine.Address.ActivationId)
                _local[mine.Address.GrainId] = mine;
        }

        if (answer.Address is null)
            throw new OrleansException($"No silo of the cluster is active that could enter {mine.Address} in the directory.");
        Cached(mine.Address.GrainId, answer.Address);
        return true;
    }

    private async Task<DirectoryAnswer> AnswerAsync(GrainId grain, MembershipVersion view, Func<GrainAddress?> answer)
    {
        await SeeAsync(view);
        while (true)
        {
            Task recovery;
            lock (_lock)
            {
                if (!_silo.Equals(_view.Ring.OwnerOf(grain)))
                    return DirectoryAnswer.Moved(_view.Version);
                if (!_recovery.IsPending(grain))
                    return DirectoryAnswer.Of(answer());
                recovery = _recovery.Completion;
            }

            await recovery.WaitAsync(_controls.Timeout, _time);
        }
    }

    private async ValueTask SeeAsync(MembershipVersion version)
    {
        if (Volatile.Read(ref _view).Version < version)
            await _membership.Refresh(version);
        OnMembershipChanged();
    }

    // Under the lock. The one that was there first wins, unless the other one has come from it.
    private Registration Enter(Registration registration)
    {
        GrainId grain = registration.Address.GrainId;
        if (_entries.TryGetValue(grain, out Registration? existing) && !MayReplace(existing, registration))
            return existing;

        return _entries[grain] = registration;
    }

    private bool MayReplace(Registration existing, Registration registration)
        => existing.Address.ActivationId == registration.Address.ActivationId || existing.Address.ActivationId == registration.Previous
            || existing.Address.SiloAddress!.Equals(registration.Address.SiloAddress) || !_view.Hosts.Contains(existing.Address.SiloAddress);
}
