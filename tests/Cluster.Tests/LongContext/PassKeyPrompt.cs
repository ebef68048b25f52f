using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.LongContext;

/// <summary>A long text with a pass key in it and the question at its end, made to a number of tokens.</summary>
internal static class PassKeyPrompt
{
    private const string Question = "\nWhat is the pass key? The pass key is";

    /// <param name="models">Tokenizes.</param>
    /// <param name="tokens">Length of the prompt, BOS included.</param>
    /// <param name="depth">[0, 1]: where in the text the key stands.</param>
    /// <param name="key">The key.</param>
    public static async Task<int[]> CreateAsync(Models.ModelsClient models, int tokens, double depth, int key)
    {
        var filler = await TokenizeAsync(models, (await File.ReadAllTextAsync(Repository.Novel))[..(tokens * 5)], addBos: true);
        var line = await TokenizeAsync(models, $"\nThe pass key is {key}. Remember it. {key} is the pass key.\n", addBos: false);
        var question = await TokenizeAsync(models, Question, addBos: false);
        var room = tokens - line.Length - question.Length;
        Assert.True(filler.Length >= room, $"{filler.Length} tokens of text for {room}");
        var before = Math.Max(1, (int)(room * depth));
        return [.. filler[..before], .. line, .. filler[before..room], .. question];
    }

    private static async Task<int[]> TokenizeAsync(Models.ModelsClient models, string text, bool addBos) =>
        [.. (await models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = text }, AddBos = addBos })).Ids];
}
