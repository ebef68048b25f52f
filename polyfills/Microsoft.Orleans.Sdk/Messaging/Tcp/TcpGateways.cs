using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Manifest;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>The gateways of a cluster of processes: their list is read from time to time, and the client keeps a connection with each of them.</summary>
internal sealed partial class TcpGateways(
    IGatewayListProvider list,
    TcpTransport transport,
    GrainReferences references,
    WireCodecs codecs,
    IOptions<GatewayOptions> options,
    IOptions<ConnectionOptions> connections,
    TimeProvider time,
    IEnumerable<IClientConnectionRetryFilter> retries,
    ILogger<TcpGateways> logger) : IGateways, IClusterManifests
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<SiloAddress, Task> _connecting = new();
    private readonly HashSet<SiloAddress> _heard = [];
    private SiloAddress[] _known = [];
    private SiloManifest[] _manifests = [];
    private long _lastRead;
    private Task _care = Task.CompletedTask;
    private Task _reading = Task.CompletedTask;

    /// <summary>Never raised: the transport tells of lost connections itself.</summary>
    public event Action<SiloAddress>? SiloLost
    {
        add { }
        remove { }
    }

    public IReadOnlyList<SiloAddress> Current
    {
        get
        {
            SiloAddress[] known = Volatile.Read(ref _known);
            SiloAddress[] connected = Array.FindAll(known, transport.TakesRequests);
            return connected.Length > 0 ? connected : known;
        }
    }

    IEnumerable<SiloManifest> IClusterManifests.Current => Volatile.Read(ref _manifests);

    public SiloAddress? GatewayOf(SiloAddress silo) => transport.PeerOf(silo);

    /// <summary>Connects; throws when no gateway can be reached and no filter wants another attempt.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await ReadListAsync(cancellation);
                await ConnectFirstAsync(cancellation);
                await ReadManifestsAsync(cancellation);
                break;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (retries.FirstOrDefault() is not { } retry || !await retry.ShouldRetryConnectionAttempt(exception, cancellation))
                    throw;
            }
        }

        _care = Task.Run(CareAsync, CancellationToken.None);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _care;
    }

    private async Task ReadListAsync(CancellationToken cancellation)
    {
        IReadOnlyList<GatewayEntry> entries = await list.GetGatewaysAsync(cancellation);
        _lastRead = time.GetTimestamp();
        SiloAddress[] gateways = [.. entries.Where(e => e.IsActive).Select(e => e.Address)];
        SiloAddress[] before = Interlocked.Exchange(ref _known, gateways);
        _heard.UnionWith(gateways);
        foreach (SiloAddress lost in _heard.Except(entries.Select(e => e.Address)).ToArray())
        {
            _heard.Remove(lost);
            _ = transport.ForgetAsync(lost);
        }

        if (!before.SequenceEqual(gateways))
            LogGateways(gateways);
    }

    private async Task ConnectFirstAsync(CancellationToken cancellation)
    {
        if (_known.Length == 0)
            throw new SiloUnavailableException("The cluster has no gateway: no silo is active that clients can connect to.");

        var attempts = _known.Select(g => transport.ConnectAsync(g)).ToList();
        Exception? last = null;
        while (attempts.Count > 0)
        {
            Task attempt = await Task.WhenAny(attempts).WaitAsync(cancellation);
            if (attempt.IsCompletedSuccessfully)
                return;
            last = attempt.Exception!.InnerException;
            attempts.Remove(attempt);
        }

        throw new SiloUnavailableException($"None of the gateways {string.Join(", ", _known.AsEnumerable())} can be reached: {last!.Message}", last);
    }

    private async Task ReadManifestsAsync(CancellationToken cancellation)
    {
        var control = (IGatewayControl)(object)references.Create(GrainId.Create(IGatewayControl.TypeName, ""), typeof(IGatewayControl));
        ManifestData[] manifests = await control.GetManifests().WaitAsync(cancellation);
        Volatile.Write(ref _manifests, Array.ConvertAll(manifests, m => m.ToManifest(codecs.Names)));
    }

    private async Task CareAsync()
    {
        using var timer = new PeriodicTimer(connections.Value.ConnectionRetryDelay, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
                await CareOnceAsync();
        }
        catch (OperationCanceledException)
        {
            // The client stops.
        }
    }

    private async Task CareOnceAsync()
    {
        bool isComplete = _known.Length > 0 && Array.TrueForAll(_known, transport.IsConnected);
        try
        {
            if (!isComplete || time.GetElapsedTime(_lastRead) >= options.Value.GatewayListRefreshPeriod)
            {
                await ReadListAsync(_stopping.Token);
                if (_reading.IsCompleted)
                    _reading = TryReadManifestsAsync();
            }
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogListFailed(exception);
        }

        foreach (SiloAddress gateway in _known.Where(g => !transport.IsConnected(g)))
            _ = _connecting.GetOrAdd(gateway, g => ConnectAsync(g));
    }

    // Beside the list: the silo that is asked may be frozen, and the list is what tells that it is dead.
    private async Task TryReadManifestsAsync()
    {
        try
        {
            await ReadManifestsAsync(_stopping.Token);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogListFailed(exception);
        }
        catch (OperationCanceledException)
        {
            // The client stops.
        }
    }

    private async Task ConnectAsync(SiloAddress gateway)
    {
        try
        {
            await Task.Yield();
            await transport.ConnectAsync(gateway);
        }
        catch (Exception exception)
        {
            LogUnreachable(gateway, exception);
        }
        finally
        {
            _connecting.TryRemove(gateway, out _);
        }
    }
}
