using System.Diagnostics;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>
/// Two dozen sessions of mixed length on an engine for minutes: each reads a prompt, answers, forks, answers again, is given up and comes back as new. Their ids must be
/// those of the first time whatever else runs, no turn may fail, and the device's free memory must stay where it is once everything has been seen once.
/// </summary>
internal static class SessionRows
{
    private const int Sessions = 24;
    private const int MiB = 1 << 20;

    public static async Task MeasureAsync(GpuSession session)
    {
        var folder = session.Options.Sessions;
        if (!session.Wants("sessions/") || !session.HasFolder("sessions", folder))
        {
            return;
        }

        var options = new EngineOptions { Backend = "cuda", Devices = session.Options.Devices, StateBytes = 160L << 20, MaxRunningTurns = 16, MaxWaitingTurns = 64, AdmissionTimeout = TimeSpan.FromMinutes(5) };
        using var watch = session.NewBackend();
        await using var engine = InferenceEngine.Load(Checkpoint.Open(folder), ModelTokenizers.Open(folder), options, TimeProvider.System);
        var run = new Run(engine, TimeSpan.FromSeconds(session.Options.SessionSeconds));
        var all = Task.WhenAll(Enumerable.Range(0, Sessions).Select(run.LiveAsync));
        using var other = session.Options.Devices.Count > 1 ? session.NewBackend(session.Options.Devices.Count - 1) : null;
        var free = await WatchAsync(() => watch.FreeBytes + (other?.FreeBytes ?? 0), run, all).ConfigureAwait(false);
        await all.ConfigureAwait(false);
        Report(session, engine.Description.ModelName, run, free);
    }

    /// <summary>Free bytes once a second until all is over.</summary>
    private static async Task<List<long>> WatchAsync(Func<long> read, Run run, Task all)
    {
        var samples = new List<long>();
        while (!all.IsCompleted)
        {
            samples.Add(read());
            if (samples.Count % 15 == 1)
            {
                Console.Error.WriteLine($"{samples.Count - 1,4} s: {samples[^1] / MiB} MiB free on the device, {Environment.WorkingSet / MiB} MiB of host memory; {run.Turns} turns, {run.Tokens} tokens");
            }

            await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(1))).ConfigureAwait(false);
        }

        return samples;
    }

    private static void Report(GpuSession session, string model, Run run, List<long> free)
    {
        var name = $"sessions/{model}/{Sessions}";
        // The first third sees every batch size and length for the first time: recordings and scratch memory grow then.
        var settled = free.Skip(free.Count / 3).ToArray();
        session.Add(new BenchRow($"{name}/turns", run.Turns, "turns", Note: $"in {free.Count} s; {run.Tokens} tokens generated after {run.PromptTokens} of prompts"));
        session.Add(new BenchRow($"{name}/errors", run.Errors, "turns", 0, Note: run.FirstError));
        session.Add(new BenchRow($"{name}/other_ids", run.Differences, "answers", 0, Note: "answers whose ids were not those of the session's first round"));
        session.Add(new BenchRow($"{name}/free_first", (double)settled[0] / MiB, "MiB", Note: $"after {free.Count / 3} s; {free[0] / MiB} MiB at the start"));
        session.Add(new BenchRow($"{name}/free_last", (double)settled[^1] / MiB, "MiB", (double)settled[0] / MiB, (double)settled[^1] / settled[0], $"lowest {settled.Min() / MiB} MiB"));
    }

    private sealed class Run(IInferenceEngine engine, TimeSpan length)
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private readonly int[]?[] _expected = new int[Sessions][];
        private int _turns;
        private int _errors;
        private int _differences;
        private long _tokens;
        private long _promptTokens;

        public int Turns => Volatile.Read(ref _turns);

        public int Errors => Volatile.Read(ref _errors);

        public int Differences => Volatile.Read(ref _differences);

        public long Tokens => Volatile.Read(ref _tokens);

        public long PromptTokens => Volatile.Read(ref _promptTokens);

        public string? FirstError { get; private set; }

        /// <summary>The same conversation again and again until the time is over.</summary>
        public async Task LiveAsync(int index)
        {
            do
            {
                try
                {
                    var ids = await ConverseAsync(index).ConfigureAwait(false);
                    _expected[index] ??= ids;
                    Interlocked.Add(ref _differences, ids.SequenceEqual(_expected[index]!) ? 0 : 1);
                }
                catch (EngineException failure)
                {
                    FirstError ??= failure.Message;
                    Interlocked.Increment(ref _errors);
                }
            }
            while (Stopwatch.GetElapsedTime(_began) < length);
        }

        /// <summary>A prompt of 16 to 12,000 tokens, an answer of 24 to 400, a fork that goes on.</summary>
        private async Task<int[]> ConverseAsync(int index)
        {
            var random = new Random(index);
            var prompt = Enumerable.Range(0, (int)(16 * Math.Pow(750, index / (Sessions - 1.0)))).Select(_ => random.Next(3, 4000)).ToArray();
            Interlocked.Add(ref _promptTokens, prompt.Length);
            await using var sequence = engine.CreateSequence([]);
            var answer = await AnswerAsync(sequence, prompt, 24 + index * 5 % Sessions * 16, index).ConfigureAwait(false);
            await using var fork = await sequence.ForkAsync(sequence.Length - answer.Length / 2).ConfigureAwait(false);
            return [.. answer, .. await AnswerAsync(fork, [7, 8, 9], 32, index).ConfigureAwait(false)];
        }

        private async Task<int[]> AnswerAsync(IEngineSequence sequence, int[] prompt, int tokens, int seed)
        {
            var turn = sequence.Submit(new TurnRequest
            {
                Tokens = prompt,
                Sampling = new SamplingParameters { Temperature = seed % 2, TopP = 0.9f, Seed = (ulong)seed },
                Stop = new StopConditions { MaxNewTokens = tokens, IgnoreEos = true },
            });
            var ids = new List<int>(tokens);
            await foreach (var output in turn.Output.ReadAllAsync().ConfigureAwait(false))
            {
                if (output.Kind == TurnOutputKind.Token)
                {
                    ids.Add(output.Token.TokenId);
                }
            }

            Interlocked.Increment(ref _turns);
            Interlocked.Add(ref _tokens, ids.Count);
            return [.. ids];
        }
    }
}
