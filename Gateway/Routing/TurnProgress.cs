using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Gateway.Routing;

/// <summary>What of a turn has been passed on, over all the silos that it came from: every event once, in order, none left out.</summary>
internal sealed class TurnProgress(string? turnId, int fromOffset)
{
    private int _computed = -1;
    private int _tokens;

    public string? TurnId { get; private set; } = turnId;

    /// <summary>Where to go on: one past the last event that has an offset of its own.</summary>
    public int NextOffset { get; private set; } = fromOffset;

    /// <summary>The turn is durable and its caller knows it.</summary>
    public bool HasStarted { get; private set; }

    public bool IsEnded { get; private set; }

    /// <summary>The event as it is to be passed on; null for what was passed on before.</summary>
    /// <exception cref="OrleansLMException">DataLoss: something is missing before it.</exception>
    public TurnEvent? Take(TurnEvent item)
    {
        TurnId = item.TurnId;
        return item.Kind switch
        {
            TurnEventKind.Started => Start(item),
            TurnEventKind.PrefillProgress => Advance(item),
            TurnEventKind.Finished => End(item),
            _ => Next(item),
        };
    }

    private TurnEvent? Start(TurnEvent item)
    {
        if (HasStarted)
        {
            return null;
        }

        (HasStarted, NextOffset) = (true, Math.Max(NextOffset, item.Offset));
        return item;
    }

    /// <summary>Whoever takes over computes again what was computed; that is told as far as it is news.</summary>
    private TurnEvent? Advance(TurnEvent item)
    {
        if (item.Computed <= _computed)
        {
            return null;
        }

        _computed = item.Computed;
        return item;
    }

    private TurnEvent? Next(TurnEvent item)
    {
        if (item.Offset < NextOffset)
        {
            return null;
        }

        // Offsets skip the tokens of the prompt when those are not reported, and nothing else.
        if (item.Kind == TurnEventKind.Token && _tokens > 0 && item.Offset != NextOffset)
        {
            throw new OrleansLMException(ErrorCode.DataLoss, $"turn '{item.TurnId}' went on at offset {item.Offset}; expected {NextOffset}") { TurnId = item.TurnId };
        }

        _tokens += item.Kind == TurnEventKind.Token ? 1 : 0;
        NextOffset = item.Offset + 1;
        return item;
    }

    private TurnEvent End(TurnEvent item)
    {
        IsEnded = true;
        return item;
    }
}
