using OrleansLM.Engine.Text;

namespace OrleansLM.Cli.Bench.Quality;

/// <summary>A long text with one line that matters, and the question for it at the end: the task that long-context models are tried with.</summary>
/// <param name="Ids">BOS, filler, key, filler, question: exactly the length that was asked for.</param>
/// <param name="KeyPosition">Where the key's line begins.</param>
/// <param name="Answer">What the model must go on with.</param>
internal sealed record PassKeyPrompt(int[] Ids, int KeyPosition, string Answer)
{
    /// <param name="tokenizer">The model's.</param>
    /// <param name="filler">Ids of a long text without BOS, repeated when it is too short.</param>
    /// <param name="length">Tokens of the whole prompt.</param>
    /// <param name="depth">[0, 1]: how far into the text the key stands.</param>
    /// <param name="key">The number to find.</param>
    public static PassKeyPrompt Make(ModelTokenizer tokenizer, int[] filler, int length, double depth, int key)
    {
        var line = tokenizer.Encode($"\nThe pass key is {key}. Remember it. {key} is the pass key.\n", addBos: false);
        var question = tokenizer.Encode("\nWhat is the pass key? The pass key is", addBos: false);
        var room = length - 1 - line.Length - question.Length;
        var before = (int)(room * depth);
        var text = Enumerable.Range(0, room).Select(i => filler[i % filler.Length]).ToArray();
        int[] ids = [tokenizer.BosTokenId, .. text.AsSpan(0, before), .. line, .. text.AsSpan(before), .. question];
        return new PassKeyPrompt(ids, 1 + before, key.ToString());
    }
}
