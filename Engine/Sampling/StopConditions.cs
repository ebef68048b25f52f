using System.Buffers;
using System.Text;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>What ends a generation.</summary>
public sealed record StopConditions
{
    /// <summary>Highest count of <see cref="StopTokenIds"/> and of <see cref="StopStrings"/>.</summary>
    public const int MaxStops = 16;

    /// <summary>Longest stop string, in UTF-16 units.</summary>
    public const int MaxStopLength = 256;

    /// <summary>Tokens to generate at most; 0 generates nothing (prefill only).</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Ids that end the generation; the id itself is part of the sequence.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Texts that end the generation; matched across tokens, and not part of the text that is delivered.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Goes on after the model's own end-of-sequence ids.</summary>
    public bool IgnoreEos { get; init; }

    /// <exception cref="EngineException">InvalidArgument: names the field, the value and what was expected.</exception>
    public void Validate(int vocabularySize)
    {
        Require(MaxNewTokens >= 0, nameof(MaxNewTokens), $"is {MaxNewTokens}; expected 0 or more");
        Require(StopTokenIds.Count <= MaxStops, nameof(StopTokenIds), $"has {StopTokenIds.Count} ids; expected at most {MaxStops}");
        Require(StopStrings.Count <= MaxStops, nameof(StopStrings), $"has {StopStrings.Count} texts; expected at most {MaxStops}");
        for (var i = 0; i < StopTokenIds.Count; i++)
        {
            var id = StopTokenIds[i];
            Require(id >= 0 && id < vocabularySize, $"{nameof(StopTokenIds)}[{i}]", $"is {id}; expected an id in [0, {vocabularySize})");
        }

        for (var i = 0; i < StopStrings.Count; i++)
        {
            Check(StopStrings[i], $"{nameof(StopStrings)}[{i}]");
        }
    }

    private static void Check(string stop, string field)
    {
        Require(stop.Length > 0, field, "is empty; expected at least one character");
        Require(stop.Length <= MaxStopLength, field, $"has {stop.Length} characters; expected at most {MaxStopLength}");
        for (var i = 0; i < stop.Length;)
        {
            var whole = Rune.DecodeFromUtf16(stop.AsSpan(i), out _, out var length) == OperationStatus.Done;
            Require(whole, field, $"has half a surrogate pair at {i}; expected whole characters");
            i += length;
        }
    }

    private static void Require(bool condition, string field, string otherwise)
    {
        if (!condition)
        {
            throw new EngineException(EngineError.InvalidArgument, $"{field} {otherwise}") { Field = field };
        }
    }
}
