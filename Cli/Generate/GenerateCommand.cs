using System.CommandLine;
using OrleansLM.Cli.Local;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Cli.Generate;

/// <summary><c>orleanslm generate</c>: goes on with a text, without a server. Greedy unless told otherwise.</summary>
internal sealed class GenerateCommand
{
    private readonly LocalModelOptions _model = new();
    private readonly Option<string?> _prompt = new("--prompt", "-p") { Description = "The text to go on with.", HelpName = "TEXT" };
    private readonly Option<string?> _promptFile = new("--prompt-file", "-f") { Description = "A file that holds the text; - is the standard input.", HelpName = "FILE" };
    private readonly Option<int> _maxTokens = new("--max-tokens", "-n") { Description = "Tokens to generate at most.", DefaultValueFactory = _ => 128 };
    private readonly Option<float> _temperature = new("--temperature", "-t") { Description = "[0, ∞); 0 is greedy." };
    private readonly Option<int> _topK = new("--top-k") { Description = "Keep the k most probable tokens; 0 keeps all." };
    private readonly Option<float> _topP = new("--top-p") { Description = "(0, 1]: keep the smallest set of tokens whose probability reaches it.", DefaultValueFactory = _ => 1f };
    private readonly Option<float> _minP = new("--min-p") { Description = "[0, 1]: drop tokens less probable than this times the most probable." };
    private readonly Option<float> _repetition = new("--repetition-penalty") { Description = "(0, ∞); 1 is off.", DefaultValueFactory = _ => 1f };
    private readonly Option<float> _presence = new("--presence-penalty") { Description = "[-2, 2]." };
    private readonly Option<float> _frequency = new("--frequency-penalty") { Description = "[-2, 2]." };
    private readonly Option<ulong> _seed = new("--seed", "-s") { Description = "Of the random numbers: the same seed gives the same text." };
    private readonly Option<string[]> _stop = new("--stop") { Description = "A text that ends the generation; may be given more than once.", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Go on after the model's end-of-sequence token." };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON at the end instead of text as it comes." };

    public static Command Create() => new GenerateCommand().Build();

    private Command Build()
    {
        var command = new Command("generate", "Go on with a text, without a server. Greedy unless told otherwise.");
        _model.AddTo(command);
        foreach (var option in new Option[]
        {
            _prompt, _promptFile, _maxTokens, _temperature, _topK, _topP, _minP, _repetition, _presence, _frequency, _seed, _stop, _ignoreEos, _json,
        })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_prompt) is null == result.GetResult(_promptFile) is null)
            {
                result.AddError("expected either --prompt or --prompt-file");
            }
        });
        command.SetAction((arguments, cancellation) => CommandErrors.GuardAsync(arguments, () => RunAsync(arguments, cancellation)));
        return command;
    }

    private async Task RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        using var model = LocalModel.Open(_model.Model(arguments));
        var ids = model.Encode(await PromptAsync(arguments, cancellation).ConfigureAwait(false), _model.Bos(arguments));
        var request = Request(arguments, ids);
        var engine = model.Load(_model.Engine(arguments), Math.Min(ids.Length + (long)request.Stop.MaxNewTokens, Math.Max(ids.Length, model.Config.ContextLength)), _model.Remote(arguments, model.Name, model.Config));
        await using var engineOwner = engine.ConfigureAwait(false);
        var text = arguments.InvocationConfiguration.Output;
        var run = new GenerationRun(arguments.GetValue(_json) ? TextWriter.Null : text);
        var result = await run.ReadAsync(engine.CreateSequence([]).Submit(request), ids, cancellation).ConfigureAwait(false);
        await text.WriteLineAsync(arguments.GetValue(_json) ? GenerateJson.Write(result) : "").ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task<string> PromptAsync(ParseResult arguments, CancellationToken cancellation) => arguments.GetValue(_promptFile) switch
    {
        null => arguments.GetValue(_prompt)!,
        "-" => await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false),
        var file => await File.ReadAllTextAsync(file, cancellation).ConfigureAwait(false),
    };

    private TurnRequest Request(ParseResult arguments, int[] ids) => new()
    {
        Tokens = ids,
        Sampling = new SamplingParameters
        {
            Temperature = arguments.GetValue(_temperature),
            TopK = arguments.GetValue(_topK),
            TopP = arguments.GetValue(_topP),
            MinP = arguments.GetValue(_minP),
            RepetitionPenalty = arguments.GetValue(_repetition),
            PresencePenalty = arguments.GetValue(_presence),
            FrequencyPenalty = arguments.GetValue(_frequency),
            Seed = arguments.GetValue(_seed),
        },
        Stop = new StopConditions
        {
            MaxNewTokens = arguments.GetValue(_maxTokens),
            StopStrings = arguments.GetValue(_stop)!,
            IgnoreEos = arguments.GetValue(_ignoreEos),
        },
    };
}
