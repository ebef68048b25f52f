using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>The device's choices against <see cref="Sampler"/>: the same ids and log-probabilities for every way of sampling.</summary>
public sealed class CudaSamplerTests
{
    private const int Rows = 64;

    [CudaTheory]
    [InlineData(32000, 24)]
    [InlineData(4096, 12)]
    [InlineData(1000, 12)]
    [InlineData(33, 12)]
    [InlineData(128256, 4)]
    public unsafe void Choices_are_the_hosts(int vocabulary, int blocks)
    {
        using var backend = CudaMachine.NewBackend();
        using var logits = backend.Allocate(DataType.Float32, (long)Rows * vocabulary);
        using var chosen = new ChosenTokens(backend.Stream, Rows, isShared: false);
        var device = backend.UseSampler(vocabulary, chosen, Rows, Rows)!;
        using var exchange = new SampleExchange(backend.Context);
        var sampler = new Sampler(vocabulary);
        var wrong = new List<string>();
        for (var block = 0; block < blocks; block++)
        {
            var random = new Random(block * 1000 + vocabulary);
            var cases = Enumerable.Range(0, Rows).Select(_ => new Case(random, vocabulary)).ToArray();
            var values = cases.SelectMany(one => one.Logits).ToArray();
            backend.Write(logits, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
            exchange.Begin(Rows, cases.Sum(one => one.Plan.BiasIds.Length));
            for (var i = 0; i < Rows; i++)
            {
                cases[i].Ask(i, exchange, device);
            }

            backend.Choose(new Matrix(logits, Rows, vocabulary), step: 0, 0, exchange);
            backend.Synchronize();
            for (var i = 0; i < Rows; i++)
            {
                var found = exchange.Result(i).Token(exchange.Row(i), out var error);
                var difference = cases[i].Compare(sampler, found, error);
                if (difference is not null)
                {
                    wrong.Add($"block {block} row {i}: {difference}; {cases[i].Plan.Parameters}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {blocks * Rows} rows differ, first: {wrong.FirstOrDefault()}");
    }

    /// <summary>A row of logits and a way to choose from it.</summary>
    private sealed class Case
    {
        private readonly TokenCounts? _counts;
        private readonly long _position;
        private readonly int _given;
        private readonly int _top;

        public Case(Random random, int vocabulary)
        {
            Logits = Shape(random, vocabulary);
            Plan = SamplingPlan.Create(
                new SamplingParameters
                {
                    Temperature = random.Next(4) == 0 ? 0 : (float)(0.1 + 2 * random.NextDouble()),
                    TopK = random.Next(3) == 0 ? random.Next(1, vocabulary + 20) : 0,
                    TopP = random.Next(2) == 0 ? (float)(0.01 + 0.99 * random.NextDouble()) : 1,
                    MinP = random.Next(4) == 0 ? (float)random.NextDouble() : 0,
                    RepetitionPenalty = random.Next(4) == 0 ? (float)(0.5 + random.NextDouble()) : 1,
                    PresencePenalty = random.Next(5) == 0 ? (float)(4 * random.NextDouble() - 2) : 0,
                    FrequencyPenalty = random.Next(5) == 0 ? (float)(4 * random.NextDouble() - 2) : 0,
                    LogitBias = random.Next(4) == 0
                        ? Enumerable.Range(0, random.Next(1, Math.Min(300, vocabulary))).ToDictionary(id => id * 7919 % vocabulary, _ => (float)(20 * random.NextDouble() - 10))
                        : null,
                    Seed = (ulong)random.NextInt64(),
                    LogProbs = random.Next(3) == 0 ? random.Next(0, SamplingParameters.MaxLogProbs + 1) : null,
                },
                vocabulary);
            int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
            _counts = Plan.NewCounts(Ids(random.Next(0, 500)), Ids(random.Next(0, 200)));
            _position = random.NextInt64(0, 200_000);
            _given = random.Next(8) == 0 ? random.Next(vocabulary) : -1;
            _top = random.Next(0, SamplingParameters.MaxLogProbs + 1);
        }

        public float[] Logits { get; }

        public SamplingPlan Plan { get; }

        public void Ask(int index, SampleExchange exchange, DeviceSampler device)
        {
            if (_given >= 0)
            {
                exchange.Score(index, _given, _top, _position);
                return;
            }

            if (_counts is not null)
            {
                device.Fill(index, _counts);
            }

            exchange.Choose(index, Plan, _position, _counts is null ? -1 : index);
        }

        public string? Compare(Sampler sampler, in SampledToken found, EngineException? error)
        {
            try
            {
                var expected = _given >= 0 ? sampler.Score(Logits, _given, _top, _position) : sampler.Sample(Logits, Plan, _counts, _position);
                return error is not null ? $"{error.Message} where {expected.Token} was expected"
                    : !expected.Token.Equals(found.Token) ? $"{found.Token} where {expected.Token} was expected"
                    : !(expected.Top ?? []).SequenceEqual(found.Top ?? []) || expected.Top is null != found.Top is null ? "other alternatives"
                    : null;
            }
            catch (EngineException expected)
            {
                return error?.Message == expected.Message ? null : $"{error?.Message ?? $"{found.Token}"} where '{expected.Message}' was expected";
            }
        }

        /// <summary>Smooth, peaked, with ties, coarse as of a bf16 head, or with a value that is none.</summary>
        private static float[] Shape(Random random, int vocabulary)
        {
            var kind = random.Next(6);
            var scale = 1 + 10 * random.NextDouble();
            var logits = new float[vocabulary];
            for (var i = 0; i < vocabulary; i++)
            {
                var value = (float)(scale * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5));
                logits[i] = kind switch
                {
                    0 => MathF.Round(value),
                    1 => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & unchecked((int)0xFFFF0000)),
                    2 => value + (random.Next(vocabulary) < 3 ? 30 : 0),
                    3 => value * 30,
                    _ => value,
                };
            }

            if (random.Next(40) == 0)
            {
                logits[random.Next(vocabulary)] = random.Next(2) == 0 ? float.NaN : float.NegativeInfinity;
            }

            return logits;
        }
    }
}
