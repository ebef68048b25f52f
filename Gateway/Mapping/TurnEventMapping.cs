using Google.Protobuf.WellKnownTypes;
using OrleansLM.Contracts.Messages;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Events of a turn from grain messages to the wire.</summary>
public static class TurnEventMapping
{
    public static Wire.TurnEvent ToWire(this TurnEvent item, string sessionId)
    {
        var wire = new Wire.TurnEvent { SessionId = sessionId, TurnId = item.TurnId, Offset = item.Offset };
        switch (item.Kind)
        {
            case TurnEventKind.Started:
                wire.Started = ToWire(item.Started!);
                break;
            case TurnEventKind.PrefillProgress:
                wire.Prefill = new Wire.PrefillProgress { Computed = item.Computed, Total = item.Total };
                break;
            case TurnEventKind.PromptLogProb:
                wire.PromptLogProb = ToPromptLogProb(item);
                break;
            case TurnEventKind.Token:
                wire.Token = ToToken(item);
                break;
            case TurnEventKind.Finished:
                wire.Finished = ToWire(item.Finished!, item.Text);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(item), item.Kind, "unknown kind of turn event");
        }

        return wire;
    }

    public static Wire.TokenLogProb ToWire(this ScoredToken token) => new() { TokenId = token.TokenId, LogProb = token.LogProb, Text = token.Text };

    private static Wire.TurnStarted ToWire(TurnStart start) => new()
    {
        StartPosition = start.StartPosition,
        PromptTokens = start.PromptTokens,
        Seed = start.Seed,
        Resumed = start.Resumed,
        Notice = start.Notice ?? "",
    };

    private static Wire.GeneratedToken ToToken(TurnEvent item)
    {
        var token = new Wire.GeneratedToken { TokenId = item.TokenId, Text = item.Text };
        if (item.LogProb is { } logProb)
        {
            token.LogProb = logProb;
        }

        if (item.Top is { } top)
        {
            token.Top.AddRange(top.Select(ToWire));
        }

        return token;
    }

    private static Wire.PromptLogProb ToPromptLogProb(TurnEvent item)
    {
        var wire = new Wire.PromptLogProb { Token = new Wire.TokenLogProb { TokenId = item.TokenId, LogProb = item.LogProb ?? 0, Text = item.Text } };
        if (item.Top is { } top)
        {
            wire.Top.AddRange(top.Select(ToWire));
        }

        return wire;
    }

    private static Wire.TurnFinished ToWire(TurnEnd end, string text) => new()
    {
        Reason = (Wire.FinishReason)(int)end.Reason,
        Text = text,
        Usage = new Wire.Usage
        {
            PromptTokens = end.PromptTokens,
            PrefilledTokens = end.PrefilledTokens,
            GeneratedTokens = end.GeneratedTokens,
            SessionLength = end.SessionLength,
        },
        Timing = new Wire.Timing
        {
            Queue = Duration.FromTimeSpan(end.QueueTime),
            TimeToFirstToken = Duration.FromTimeSpan(end.TimeToFirstToken),
            Total = Duration.FromTimeSpan(end.TotalTime),
        },
    };
}
