using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Chat;

/// <summary>Writes a turn to the terminal: prefill progress on long inputs, text as it comes, a closing line with times.</summary>
public sealed class TurnPrinter(TextWriter output)
{
    // Below this a prefill is over before a progress line could be read.
    private const int ProgressTokens = 2048;

    private bool _progressShown;
    private string? _noticedTurn;

    public async Task PrintAsync(IAsyncEnumerable<TurnEvent> events)
    {
        await foreach (var item in events)
        {
            switch (item.EventCase)
            {
                case TurnEvent.EventOneofCase.Started when item.Started.Notice.Length > 0 && item.TurnId != _noticedTurn:
                    // A stream that is resumed says it again.
                    _noticedTurn = item.TurnId;
                    await output.WriteLineAsync($"[{item.Started.Notice}]");
                    break;
                case TurnEvent.EventOneofCase.Prefill when item.Prefill.Total >= ProgressTokens:
                    await output.WriteAsync($"\rreading {item.Prefill.Computed:N0} of {item.Prefill.Total:N0} tokens ({100.0 * item.Prefill.Computed / item.Prefill.Total:F0} %)");
                    _progressShown = true;
                    break;
                case TurnEvent.EventOneofCase.Token:
                    await ClearProgressAsync();
                    await output.WriteAsync(item.Token.Text);
                    break;
                case TurnEvent.EventOneofCase.Finished:
                    await ClearProgressAsync();
                    await FinishAsync(item.Finished);
                    break;
            }

            await output.FlushAsync();
        }
    }

    public void ConnectionLost(bool lost) => output.Write(lost ? " ⟨connection lost, waiting for the server⟩ " : "⟨resumed⟩ ");

    private async Task FinishAsync(TurnFinished end)
    {
        await output.WriteAsync(end.Text);
        var seconds = end.Timing.Total.ToTimeSpan().TotalSeconds;
        var first = end.Timing.TimeToFirstToken.ToTimeSpan().TotalSeconds;
        var rate = seconds > first && end.Usage.GeneratedTokens > 1 ? $", {(end.Usage.GeneratedTokens - 1) / (seconds - first):F1} tokens/s" : "";
        await output.WriteLineAsync($"\n[{end.Reason}; {end.Usage.GeneratedTokens} tokens, first after {first * 1000:F0} ms{rate}; session {end.Usage.SessionLength} tokens]");
    }

    private async Task ClearProgressAsync()
    {
        if (_progressShown)
        {
            await output.WriteAsync("\r\e[K");
            _progressShown = false;
        }
    }
}
