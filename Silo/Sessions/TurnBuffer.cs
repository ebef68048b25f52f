using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// All that a turn has produced so far: one writer, any number of readers, each at its own place. A reader that is slow holds back nobody, and the
/// memory is bounded by the turn's own length.
/// </summary>
internal sealed class TurnBuffer(TurnRecord turn, HostedModel model)
{
    private readonly Lock _sync = new();
    private readonly EntryList _promptLogProbs = new();
    private readonly EntryList _tokens = new();
    private int _computed;
    private int _total;
    private TurnEnd? _end;
    private string _endText = "";
    private OrleansLMException? _failure;
    private TaskCompletionSource? _changed;

    public TurnRecord Turn { get; } = turn;

    public HostedModel Model { get; } = model;

    /// <summary>Offset of the first event that a reader can ask for.</summary>
    public int FirstOffset => Turn.Parameters.PromptLogProbs is null ? Turn.GenerationStart : Turn.StartPosition;

    /// <summary>The largest offset that the turn can have made anyone ask for: one past its last possible token.</summary>
    public int LastOffset => Turn.GenerationStart + Turn.Parameters.Stop.MaxNewTokens;

    public int TokenCount
    {
        get
        {
            lock (_sync)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>True when no more will come.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_sync)
            {
                return _end is not null || _failure is not null;
            }
        }
    }

    /// <summary>Readers learn of it at the next <see cref="Publish"/>.</summary>
    public void AddToken(in TurnEntry entry)
    {
        lock (_sync)
        {
            _tokens.Add(entry);
        }
    }

    /// <inheritdoc cref="AddToken"/>
    public void AddPromptLogProb(in TurnEntry entry)
    {
        lock (_sync)
        {
            _promptLogProbs.Add(entry);
        }
    }

    /// <inheritdoc cref="AddToken"/>
    public void SetProgress(int computed, int total)
    {
        lock (_sync)
        {
            (_computed, _total) = (computed, total);
        }
    }

    /// <summary>Wakes the readers.</summary>
    public void Publish()
    {
        TaskCompletionSource? changed;
        lock (_sync)
        {
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }

    public void End(TurnEnd end, string text)
    {
        lock (_sync)
        {
            (_end, _endText) = (end, text);
        }

        Publish();
    }

    public void Fail(OrleansLMException failure)
    {
        lock (_sync)
        {
            _failure = failure;
        }

        Publish();
    }

    public TurnView View()
    {
        lock (_sync)
        {
            return new TurnView
            {
                PromptLogProbs = _promptLogProbs.Span,
                Tokens = _tokens.Span,
                Computed = _computed,
                Total = _total,
                End = _end,
                EndText = _endText,
                Failure = _failure,
                Changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task,
            };
        }
    }
}
