namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>A token as a client received it. <paramref name="LogProb"/>: 0 when none was asked for.</summary>
internal readonly record struct ChaosToken(long Offset, int Id, float LogProb);
