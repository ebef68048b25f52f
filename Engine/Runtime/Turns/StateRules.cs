using OrleansLM.Engine.State;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>What a stored state of this engine looks like, and which stored states it takes. Any thread.</summary>
internal sealed class StateRules(StateIdentity identity)
{
    /// <exception cref="EngineException">InvalidArgument: the part does not begin where a page does.</exception>
    public StateExportOptions Normalize(StateExportOptions part)
    {
        var step = identity.IsRecurrent ? int.MaxValue : identity.PageTokens;
        if (part.From < 0 || part.From % step != 0)
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"From is {part.From}; expected {(identity.IsRecurrent ? "0, since a recurrent state has no parts" : $"a multiple of {step}, the tokens of a page")}") { Field = nameof(part.From) };
        }

        return identity.HasWindow ? part with { From = 0 } : part;
    }

    /// <param name="tokens">The ids of [0, To).</param>
    /// <param name="from">First position.</param>
    /// <param name="units">By position.</param>
    public StateHeader NewHeader(ReadOnlySpan<int> tokens, int from, IReadOnlyList<StateUnit> units) => new()
    {
        Fingerprint = identity.Fingerprint,
        BackendKind = identity.BackendKind,
        IsRecurrent = identity.IsRecurrent,
        StateType = identity.StateType,
        PageTokens = identity.PageTokens,
        UnitBytes = identity.UnitBytes,
        From = from,
        To = tokens.Length,
        Positions = [.. units.Select(unit => unit.Position)],
        TokenHash = TokenHash.Of(tokens),
    };

    /// <param name="source">What is to come in.</param>
    /// <param name="tokens">The sequence's.</param>
    /// <param name="computed">How far the sequence is computed.</param>
    /// <param name="length">Tokens of the stored state that are wanted.</param>
    /// <exception cref="StateException">It is not for this engine, or not for these tokens.</exception>
    public void Check(IStateSource source, ReadOnlySpan<int> tokens, int computed, int length)
    {
        var header = source.Header;
        Same("weights and config (fingerprint)", header.Fingerprint, identity.Fingerprint);
        Same("kind of device", header.BackendKind, identity.BackendKind);
        Same("kind of state", Kind(header.IsRecurrent), Kind(identity.IsRecurrent));
        Same("element type", $"{header.StateType}", $"{identity.StateType}");
        Same("page size in tokens", header.PageTokens, identity.PageTokens);
        Same("unit size in bytes", header.UnitBytes, identity.UnitBytes);
        CheckPositions(header);
        var common = source.Tokens.Span.CommonPrefixLength(tokens);
        if (common < length)
        {
            throw new StateException(StateFault.OtherTokens, $"the stored state is of other tokens: they differ at position {common}, the sequence has {tokens.Length} and the state {header.To}");
        }

        if (header.From > computed)
        {
            throw new StateException(StateFault.OtherTokens, $"the stored state goes on from position {header.From}; the sequence is computed up to {computed}");
        }
    }

    /// <summary>The units that are needed for the first <paramref name="length"/> tokens, and how far they reach: less than that where a recurrent state has no checkpoint there.</summary>
    public (int[] Positions, int Reached) Part(StateHeader header, int length)
    {
        int[] positions = [.. header.Positions.TakeWhile(position => identity.IsRecurrent ? position <= length : position < length)];
        return (positions, identity.IsRecurrent ? positions.LastOrDefault() : SeesAll(header, length) ? length : 0);
    }

    /// <summary>Behind a sliding window earlier pages are gone, so that only the end of such a state can be gone on from.</summary>
    private static bool SeesAll(StateHeader header, int length) => length == header.To || header.Positions[0] == header.From;

    private void CheckPositions(StateHeader header)
    {
        var step = identity.PageTokens;
        var last = header.Positions[^1];
        var whole = identity.IsRecurrent ? last == header.To : last < header.To && last + step >= header.To;
        for (var i = 1; i < header.Positions.Count; i++)
        {
            var gap = header.Positions[i] - header.Positions[i - 1];
            whole &= identity.IsRecurrent ? gap > 0 : gap == step;
        }

        if (!whole || header.Positions[0] < header.From || (!identity.IsRecurrent && header.Positions[0] % step != 0))
        {
            throw new StateException(StateFault.NotAState, "the stored state's header contradicts itself: its units do not cover its tokens");
        }
    }

    private static string Kind(bool isRecurrent) => isRecurrent ? "recurrent" : "keys and values";

    private static void Same<T>(string what, T found, T expected)
        where T : IEquatable<T>
    {
        if (!found.Equals(expected))
        {
            throw new StateException(StateFault.OtherModel, $"the stored state is of another model or set-up: its {what} is {found}; expected {expected}");
        }
    }
}
