using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>A stage server in this process that loads from the repository's models, and notes what it has to tell.</summary>
internal sealed class StageProcess : IStageModels, IStageObserver, IDisposable
{
    public const string Cluster = "test";

    private readonly List<string> _told = [];

    public StageProcess(LinkOptions? link = null, string cluster = Cluster, LinkAddress? listen = null, string? otherModel = null, EngineOptions? engine = null)
    {
        OtherModel = otherModel;
        Server = StageServer.Start(
            new StageServerOptions
            {
                ClusterId = cluster,
                Listen = listen ?? new LinkAddress("127.0.0.1", 0),
                Engine = engine ?? new EngineOptions { Threads = 1 },
                Link = link ?? PatientLink,
            },
            this, this, TimeProvider.System);
    }

    /// <summary>Loses nobody because the machine is busy.</summary>
    public static LinkOptions PatientLink { get; } = new() { SilenceLimit = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(1) };

    public StageServer Server { get; }

    /// <summary>Opened in place of whatever is asked for.</summary>
    public string? OtherModel { get; }

    public IReadOnlyList<string> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    public Checkpoint Open(string model) => Checkpoint.Open(TestFiles.Model(OtherModel ?? model));

    public void Refused(string peer, string reason) => Tell($"refused: {reason}");

    public void Loaded(StageAssignment stage, TimeSpan took) => Tell($"loaded {stage.Layers}");

    public void Connected(StageAssignment stage, long epoch, string peer) => Tell($"connected {stage.Layers}");

    public void Lost(StageAssignment stage, long epoch, string reason) => Tell($"lost {stage.Layers}: {reason}");

    public void Unloaded(StageAssignment stage) => Tell($"unloaded {stage.Layers}");

    public void Dispose() => Server.Dispose();

    private void Tell(string what)
    {
        lock (_told)
        {
            _told.Add(what);
        }
    }
}
