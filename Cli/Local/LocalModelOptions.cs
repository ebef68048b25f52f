using System.CommandLine;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Cli.Local;

/// <summary>The options of commands that load a model into their own process.</summary>
internal sealed class LocalModelOptions
{
    private readonly Option<string> _model = new("--model", "-m") { Description = "The model folder: config.json, weights, tokenizer.", Required = true, HelpName = "DIR" };
    private readonly Option<int> _stages = new("--stages") { Description = "Pipeline stages: [1, layers].", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _backend = new("--backend") { Description = "What computes.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads that compute: [1, 1024]; all cores by default." };
    private readonly Option<bool> _noBos = new("--no-bos") { Description = "Do not put the beginning-of-sequence token in front." };

    public void AddTo(Command command)
    {
        _backend.AcceptOnlyFromAmong("cpu", "reference");
        foreach (var option in new Option[] { _model, _stages, _backend, _threads, _noBos })
        {
            command.Options.Add(option);
        }
    }

    public string Model(ParseResult arguments) => arguments.GetRequiredValue(_model);

    public bool Bos(ParseResult arguments) => !arguments.GetValue(_noBos);

    public EngineOptions Engine(ParseResult arguments) => new()
    {
        Stages = arguments.GetValue(_stages),
        Backend = arguments.GetRequiredValue(_backend),
        Threads = arguments.GetValue(_threads),
    };
}
