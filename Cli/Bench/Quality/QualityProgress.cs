using System.Diagnostics;

namespace OrleansLM.Cli.Bench.Quality;

/// <summary>Lines on standard error that say how far a long measurement is, one for each twentieth of its tokens. Attention makes the later ones slower.</summary>
internal sealed class QualityProgress(string what, int total)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _done;
    private int _said;

    public void Add(int tokens)
    {
        _done += tokens;
        if ((long)_done * 20 / total > _said)
        {
            _said = (int)((long)_done * 20 / total);
            Console.Error.WriteLine($"{what}: {_done:N0} of {total:N0} tokens, {Stopwatch.GetElapsedTime(_began).TotalSeconds:N0} s");
        }
    }
}
