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
    private List<TurnSignal> _waiting = [];
    private List<TurnSignal> _woken = [];

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

    /// <summary>Wakes the readers. Called by the one writer only.</summary>
    public void Publish()
    {
        lock (_sync)
        {
            (_waiting, _woken) = (_woken, _waiting);
        }

        foreach (var signal in _woken)
        {
            signal.Set();
        }

        _woken.Clear();
    }

    /// <summary>Wakes one reader, if it waits.</summary>
    public void Wake(TurnSignal signal)
    {
        bool waits;
        lock (_sync)
        {
            waits = _waiting.Remove(signal);
        }

        if (waits)
        {
            signal.Set();
        }
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

    /// <summary>What there is. Unless it is all, the signal is set when there is more.</summary>
    public TurnView View(TurnSignal? signal = null)
    {
        lock (_sync)
        {
            if (signal is not null && _end is null && _failure is null)
            {
                signal.Reset();
                _waiting.Add(signal);
            }

            return new TurnView
            {
                PromptLogProbs = _promptLogProbs.Span,
                Tokens = _tokens.Span,
                Computed = _computed,
                Total = _total,
                End = _end,
                EndText = _endText,
                Failure = _failure,
            };
        }
    }
}
