using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Sqlite;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>A silo's sessions without Orleans: a log in a folder of its own, an engine that is not disposed with it, a clock that stands.</summary>
internal sealed class SiloHarness : IAsyncDisposable
{
    public const string Model = "fake";
    private readonly IInferenceEngine _engine;
    private readonly TemporaryDirectory _directory;
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Dictionary<string, SessionOwner> _owners = [];
    private readonly SnapshotOptions? _snapshots;

    private SiloHarness(TemporaryDirectory directory, IInferenceEngine engine, SessionOptions options, SessionLogOptions logOptions, ManualTimeProvider time, SnapshotOptions? snapshots = null)
    {
        _directory = directory;
        (_engine, Options, Time) = (engine, options, time);
        logOptions.Path = directory.File("sessions.db");
        var metrics = new SiloMetrics(_provider.GetRequiredService<IMeterFactory>());
        Log = new SqliteSessionLog(Microsoft.Extensions.Options.Options.Create(logOptions), metrics, NullLogger<SqliteSessionLog>.Instance);
        var models = new ModelRegistry();
        models.Add(new HostedModel(Model, engine));
        Faults = new FaultyLog(Log);
        _snapshots = snapshots;
        snapshots ??= new SnapshotOptions { QuotaBytes = 0 };
        Store = new FaultyStore(new FileSnapshotStore(Microsoft.Extensions.Options.Options.Create(snapshots), Microsoft.Extensions.Options.Options.Create(logOptions), time));
        var saved = new SessionSnapshots(Store, Microsoft.Extensions.Options.Options.Create(snapshots), metrics, NullLogger<SessionSnapshots>.Instance);
        Services = new SessionServices(
            Faults, models, new ForkHandover(), new ActiveSessions(), Microsoft.Extensions.Options.Options.Create(options), time, metrics, NullLogger<SessionGrain>.Instance, snapshots: saved);
    }

    public FakeEngine Engine => (FakeEngine)_engine;

    public SessionOptions Options { get; }

    public ManualTimeProvider Time { get; }

    public SqliteSessionLog Log { get; }

    /// <summary>What stands between the sessions and the log, to fail on demand.</summary>
    public FaultyLog Faults { get; }

    /// <summary>Where snapshots go, to fail on demand.</summary>
    public FaultyStore Store { get; }

    public SessionServices Services { get; }

    /// <summary>Files of snapshots, by name.</summary>
    public IReadOnlyList<string> SnapshotFiles => Directory.Exists(_directory.File("snapshots")) ? [.. Directory.GetFiles(_directory.File("snapshots")).Order()] : [];

    public string LogPath => _directory.File("sessions.db");

    public static async Task<SiloHarness> StartAsync(IInferenceEngine? engine = null, SessionOptions? options = null, SessionLogOptions? logOptions = null, SnapshotOptions? snapshots = null)
    {
        var harness = new SiloHarness(
            new TemporaryDirectory(), engine ?? new FakeEngine(), options ?? new SessionOptions(), logOptions ?? new SessionLogOptions(), new ManualTimeProvider(), snapshots);
        await harness.Log.OpenAsync(CancellationToken.None);
        return harness;
    }

    /// <summary>Another silo over what would be on the disk if this one were killed now. This one goes on, unknowing.</summary>
    public async Task<SiloHarness> KilledAsync(IInferenceEngine? engine = null)
    {
        var directory = new TemporaryDirectory();
        foreach (var suffix in new[] { "", "-wal" })
        {
            if (File.Exists(LogPath + suffix))
            {
                File.Copy(LogPath + suffix, directory.File("sessions.db" + suffix));
            }
        }

        if (SnapshotFiles.Count > 0)
        {
            Directory.CreateDirectory(directory.File("snapshots"));
        }

        foreach (var file in SnapshotFiles)
        {
            File.Copy(file, Path.Combine(directory.File("snapshots"), Path.GetFileName(file)));
        }

        var harness = new SiloHarness(directory, engine ?? (_engine is FakeEngine fake ? new FakeEngine(fingerprint: fake.Description.Fingerprint) : _engine), Options, new SessionLogOptions(), Time, _snapshots);
        await harness.Log.OpenAsync(CancellationToken.None);
        return harness;
    }

    /// <summary>The owner of a session, as its grain would have it.</summary>
    public SessionOwner Owner(string sessionId)
    {
        if (!_owners.TryGetValue(sessionId, out var owner))
        {
            _owners[sessionId] = owner = new SessionOwner(sessionId, Services);
        }

        return owner;
    }

    /// <summary>The grain of a session goes to sleep.</summary>
    public async Task DeactivateAsync(string sessionId)
    {
        if (_owners.Remove(sessionId, out var owner))
        {
            await owner.StopAsync();
        }
    }

    public async Task<SessionOwner> CreateAsync(string sessionId, CreateSession? request = null)
    {
        await Owner(sessionId).CreateAsync(request ?? new CreateSession(), CancellationToken.None);
        return Owner(sessionId);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var owner in _owners.Values)
        {
            await owner.StopAsync();
        }

        await Log.DisposeAsync();
        await _provider.DisposeAsync();
        _directory.Dispose();
    }
}
