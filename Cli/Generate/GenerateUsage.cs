using OrleansLM.Engine.Runtime;

namespace OrleansLM.Cli.Generate;

/// <summary>What a generation cost; times in milliseconds.</summary>
internal sealed record GenerateUsage
{
    public required int PromptTokens { get; init; }

    public required int GeneratedTokens { get; init; }

    public required double TimeToFirstTokenMs { get; init; }

    public required double TotalTimeMs { get; init; }

    public static GenerateUsage From(TurnUsage usage) => new()
    {
        PromptTokens = usage.PromptTokens,
        GeneratedTokens = usage.GeneratedTokens,
        TimeToFirstTokenMs = Math.Round(usage.TimeToFirstToken.TotalMilliseconds, 3),
        TotalTimeMs = Math.Round(usage.TotalTime.TotalMilliseconds, 3),
    };
}
