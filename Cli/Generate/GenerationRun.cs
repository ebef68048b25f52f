using System.Text;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Cli.Generate;

/// <summary>Reads a turn to its end and writes its text as it comes.</summary>
internal sealed class GenerationRun(TextWriter stream)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _ids = [];

    /// <summary>When <paramref name="cancellation"/> is signalled the turn is ended, and what there is by then is the result.</summary>
    public async Task<GenerateResult> ReadAsync(IEngineTurn turn, int[] prompt, CancellationToken cancellation)
    {
        using var registration = cancellation.Register(turn.Cancel);
        TurnOutput last = default;
        await foreach (var output in turn.Output.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            last = output;
            await TakeAsync(output).ConfigureAwait(false);
        }

        return new GenerateResult
        {
            PromptIds = prompt,
            Ids = _ids,
            Text = _text.ToString(),
            FinishReason = last.FinishReason.ToString().ToLowerInvariant(),
            Usage = GenerateUsage.From(last.Usage!),
        };
    }

    private async Task TakeAsync(TurnOutput output)
    {
        if (output.Kind == TurnOutputKind.Token)
        {
            _ids.Add(output.Token.TokenId);
        }

        if (!string.IsNullOrEmpty(output.Text))
        {
            _text.Append(output.Text);
            await stream.WriteAsync(output.Text).ConfigureAwait(false);
            await stream.FlushAsync().ConfigureAwait(false);
        }
    }
}
