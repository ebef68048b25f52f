using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Chat;

/// <summary>How answers are made in this conversation.</summary>
/// <param name="Sampling">Sent with every turn.</param>
/// <param name="Stop">Sent with every turn.</param>
/// <param name="Template">Name of a chat template; null: the model's own; <c>none</c>: plain text.</param>
public sealed record ChatSettings(SamplingParameters Sampling, StopConditions Stop, string? Template);
