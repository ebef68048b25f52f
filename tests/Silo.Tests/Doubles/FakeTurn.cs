using System.Threading.Channels;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;

namespace OrleansLM.Silo.Tests.Doubles;

internal sealed class FakeTurn : IEngineTurn
{
    private readonly FakeEngine _engine;
    private readonly FakeSequence _sequence;
    private readonly TurnRequest _request;
    private readonly int _start;
    private readonly Channel<TurnOutput> _output = Channel.CreateBounded<TurnOutput>(4);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeTurn(FakeEngine engine, FakeSequence sequence, TurnRequest request, int start)
    {
        (_engine, _sequence, _request, _start) = (engine, sequence, request, start);
        _ = Task.Run(RunAsync);
    }

    public ChannelReader<TurnOutput> Output => _output.Reader;

    public void Cancel() => _cancelled.TrySetResult();

    private async Task RunAsync()
    {
        try
        {
            await GenerateAsync();
        }
        catch (EngineException failure)
        {
            _sequence.Release(_start);
            _output.Writer.Complete(failure);
        }
    }

    private async Task GenerateAsync()
    {
        var prefilled = _sequence.Compute();
        await WriteAsync(new TurnOutput { Kind = TurnOutputKind.PrefillProgress, Position = prefilled, Total = prefilled });
        await ScorePromptAsync();
        var generationStart = _request.GenerationStart ?? _sequence.Length;
        var text = new TurnText(_engine.Tokenizer, _request.Stop.StopStrings, _sequence.CopyTokens(0, generationStart));
        Array.ForEach(_sequence.CopyTokens(generationStart, _sequence.Length), id => text.Push(id));
        var reason = FinishReason.Length;
        while (_sequence.Length - generationStart < _request.Stop.MaxNewTokens && reason == FinishReason.Length)
        {
            reason = await StepAsync(generationStart, text);
        }

        var generated = _sequence.Length - generationStart;
        _sequence.Release();
        await WriteAsync(new TurnOutput
        {
            Kind = TurnOutputKind.Finished,
            FinishReason = reason,
            Text = text.Flush(),
            Usage = new TurnUsage
            {
                PromptTokens = _request.Tokens.Length,
                PrefilledTokens = prefilled,
                GeneratedTokens = generated,
                QueueTime = TimeSpan.FromMilliseconds(1),
                TimeToFirstToken = TimeSpan.FromMilliseconds(2),
                TotalTime = TimeSpan.FromMilliseconds(3),
            },
        });
        _output.Writer.Complete();
    }

    /// <summary>Length while more may come.</summary>
    private async Task<FinishReason> StepAsync(int generationStart, TurnText text)
    {
        if (_engine.Fault is { } fault && _sequence.Length - generationStart == fault.AtToken)
        {
            throw fault.Failure;
        }

        if (!await PassAsync())
        {
            return FinishReason.Cancelled;
        }

        var id = _sequence.Sample(_request.Sampling.Seed);
        _sequence.Compute();
        var logProbs = _request.Sampling.LogProbs;
        await WriteAsync(new TurnOutput
        {
            Kind = TurnOutputKind.Token,
            Position = _sequence.Length - 1,
            Token = new TokenLogProb(id, logProbs is null ? float.NaN : -id / 1000f),
            Top = logProbs is > 0 ? [new TokenLogProb(id, -id / 1000f)] : null,
            Text = text.Push(id),
        });
        return text.StopMatched || _request.Stop.StopTokenIds.Contains(id) ? FinishReason.Stop : FinishReason.Length;
    }

    private async Task<bool> PassAsync()
    {
        if (_engine.IsPaced)
        {
            using var left = new CancellationTokenSource();
            var pace = _engine.Pace.WaitAsync(left.Token);
            if (await Task.WhenAny(pace, _cancelled.Task) != pace)
            {
                await left.CancelAsync();
            }
        }

        return !_cancelled.Task.IsCompleted;
    }

    private async Task ScorePromptAsync()
    {
        if (_request.PromptLogProbs is null)
        {
            return;
        }

        for (var position = Math.Max(1, _start); position < _start + _request.Tokens.Length; position++)
        {
            var id = _sequence.CopyTokens(position, position + 1)[0];
            await WriteAsync(new TurnOutput { Kind = TurnOutputKind.PromptLogProb, Position = position, Token = new TokenLogProb(id, -id / 1000f) });
        }
    }

    private ValueTask WriteAsync(TurnOutput output) => _output.Writer.WriteAsync(output);
}
