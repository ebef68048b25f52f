using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>One SUPRA attention layer against an independent f64 implementation of the spec (tests/golden/supra-tiny-layer.json): output and final state.</summary>
public sealed class RecurrentMixerGoldenTests
{
    private const int Tokens = 7;

    private static readonly ModelConfig Config = new()
    {
        Family = ModelFamily.Supra,
        HiddenSize = 16,
        IntermediateSize = 16,
        LayerCount = 1,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadDim = 4,
        VocabularySize = 16,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig(),
        ContextLength = 16,
        Supra = new SupraConfig { Decay = SupraDecay.Lightning },
    };

    /// <summary>Chunks of one token, of the whole, ragged and longer than the whole.</summary>
    public static TheoryData<string, int> Cases => TestBackends.NamesWith(1, Tokens, 3, 16);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_final_state_agree(string backendName, int chunk)
    {
        var golden = GoldenFile.Read("supra-tiny-layer.json");
        using var backend = TestBackends.Create(backendName);
        using var source = Weights(golden.GetProperty("weights"));
        using var weights = new StageWeights(source, backend, validate: true);
        using var state = new StageState(backend, LayerStateSpec.For(Config, 64, DataType.Float32, chunk, DataType.Float32), layers: 1, units: 1);
        using var workspace = new StageWorkspace(Config, backend, new StageOptions { StateUnits = 1 }, isLast: false);
        var decay = DecayTables.Build(Config.Supra!, 4);
        Assert.Equal(golden.GetProperty("gamma").Singles(), decay);
        var mixer = new RecurrentMixer(Config, weights, 0, state.Recurrent(0), RopeTables.Build(Config.Rope, 4, 16), decay);

        var output = Mix(backend, mixer, state, workspace, golden.GetProperty("x").Rows());
        for (var t = 0; t < Tokens; t++)
        {
            Logits.Close(golden.GetProperty("y")[t].Singles(), output[(t * 16)..((t + 1) * 16)], 1e-5, $"output of token {t}");
        }

        if (Tokens % chunk > 0)
        {
            // The state is that at the last whole chunk.
            return;
        }

        var found = Read(backend, state.Recurrent(0).States, 4 * 4 * 4);
        Logits.Close([.. golden.GetProperty("final_state_after_decay").EnumerateArray().SelectMany(head => head.Rows().SelectMany(row => row))], found, 1e-5, "state");
    }

    private static float[] Mix(IBackend backend, RecurrentMixer mixer, StageState state, StageWorkspace workspace, float[][] x)
    {
        var batch = new StepBatch();
        batch.AddSegment(new int[Tokens], 0, [], 0, slot: 0);
        state.Apply([new StateCopy(-1, 0)]);
        using var input = backend.Allocate(DataType.Float32, Tokens * 16);
        using var output = backend.Allocate(DataType.Float32, Tokens * 16);
        backend.Write(input, 0, MemoryMarshal.AsBytes<float>([.. x.SelectMany(row => row)]));
        backend.Clear(output, 0, Tokens * 16);
        mixer.Mix(backend, batch, workspace, new Matrix(input, Tokens, 16), new Matrix(output, Tokens, 16));
        return Read(backend, output, Tokens * 16);
    }

    private static MemoryWeights Weights(JsonElement golden)
    {
        var inProjection = golden.GetProperty("in_proj").Rows();
        var weights = new MemoryWeights();
        Add(weights, WeightRole.Query, inProjection[..16]);
        Add(weights, WeightRole.Key, inProjection[16..24]);
        Add(weights, WeightRole.Value, inProjection[24..]);
        Add(weights, WeightRole.QueryFeatureMap, golden.GetProperty("embed_w").Rows());
        Add(weights, WeightRole.QueryFeatureMapBias, [golden.GetProperty("embed_b").Singles()]);
        Add(weights, WeightRole.KeyFeatureMap, golden.GetProperty("embed_kv_w").Rows());
        Add(weights, WeightRole.KeyFeatureMapBias, [golden.GetProperty("embed_kv_b").Singles()]);
        Add(weights, WeightRole.AttentionOutput, golden.GetProperty("out_proj").Rows());
        return weights;
    }

    private static void Add(MemoryWeights weights, WeightRole role, float[][] rows)
        => weights.Add(new WeightId(role, 0), DataType.Float32, rows.Length, rows[0].Length, [.. rows.SelectMany(row => row)]);

    private static float[] Read(IBackend backend, DeviceBuffer buffer, int count)
    {
        var values = new float[count];
        backend.Read(buffer, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
