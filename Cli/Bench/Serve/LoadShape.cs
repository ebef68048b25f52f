namespace OrleansLM.Cli.Bench.Serve;

/// <summary>What a load test asks for.</summary>
/// <param name="Sessions">Sessions that generate at once, each on a session of its own.</param>
/// <param name="PromptTokens">Length of each prompt.</param>
/// <param name="OutputTokens">Tokens to generate in each; end-of-sequence is ignored so that all are equally long.</param>
public sealed record LoadShape(int Sessions, int PromptTokens, int OutputTokens);
