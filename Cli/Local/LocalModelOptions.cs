using System.CommandLine;
using OrleansLM.Cli.Stage;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Cli.Local;

/// <summary>The options of commands that load a model into their own process.</summary>
internal sealed class LocalModelOptions
{
    private readonly Option<string> _model = new("--model", "-m") { Description = "The model folder: config.json, weights, tokenizer.", Required = true, HelpName = "DIR" };
    private readonly Option<int> _stages = new("--stages") { Description = "Pipeline stages: [1, layers].", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _backend = new("--backend") { Description = "What computes.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<DeviceChoice?> _device = new("--device") { Description = DeviceChoice.Help, CustomParser = DeviceChoice.Parse, HelpName = "DEVICE" };
    private readonly Option<string> _activations = ActivationChoice.New();
    private readonly Option<string> _stateType = StateTypeChoice.New();
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads that compute: [1, 1024]; all cores by default." };
    private readonly Option<bool> _noBos = new("--no-bos") { Description = "Do not put the beginning-of-sequence token in front." };

    private readonly Option<LinkAddress[]> _remote = new("--stage")
    {
        Description = "A stage in another process (orleanslm stage); may be given several times. The layers are split evenly, the first part stays here.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => [],
        CustomParser = StageAddresses.Parse,
    };

    private readonly Option<string> _cluster = new("--cluster-id") { Description = "What the stages' processes were given.", DefaultValueFactory = _ => StageAddresses.DefaultCluster };

    public void AddTo(Command command)
    {
        _backend.AcceptOnlyFromAmong("cpu", "reference", "cuda");
        foreach (var option in new Option[] { _model, _stages, _backend, _device, _activations, _stateType, _threads, _remote, _cluster, _noBos })
        {
            command.Options.Add(option);
        }
    }

    public string Model(ParseResult arguments) => arguments.GetRequiredValue(_model);

    public bool Bos(ParseResult arguments) => !arguments.GetValue(_noBos);

    /// <summary>The stages in other processes; null when all are here.</summary>
    public RemoteStages? Remote(ParseResult arguments, string model, ModelConfig config) =>
        StageAddresses.Remote(arguments.GetValue(_remote) ?? [], arguments.GetRequiredValue(_cluster), model, config);

    public EngineOptions Engine(ParseResult arguments) => StateTypeChoice.Apply(arguments.GetRequiredValue(_stateType), ActivationChoice.Apply(arguments.GetValue(_activations)!, new EngineOptions
    {
        Stages = arguments.GetValue(_stages),
        Backend = arguments.GetValue(_device)?.Backend ?? arguments.GetRequiredValue(_backend),
        Devices = arguments.GetValue(_device)?.Devices ?? [0],
        Threads = arguments.GetValue(_threads),
    }));
}
