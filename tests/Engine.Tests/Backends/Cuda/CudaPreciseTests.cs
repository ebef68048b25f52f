using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Models;
using OrleansLM.Engine.Tests.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>f32 activations on a GPU: products in two bf16 parts agree with the reference, and a row's bits depend on nothing beside it (promise 2).</summary>
public sealed class CudaPreciseTests
{
    private const float Bound = 3e-5f;

    /// <summary>Keys and values that the case keeps as bf16: a last place of theirs.</summary>
    private const float PageBound = 8e-3f;

    public static TheoryData<string> Names => [.. ConformanceCases.All.Keys.Where(IsExact)];

    /// <summary>Inputs that bf16 holds, matrices aligned: the fast products take them. Weights stay in their own type.</summary>
    [CudaTheory]
    [MemberData(nameof(Names))]
    public void It_agrees_with_the_reference(string name) =>
        ConformanceTests.Compare(ConformanceCases.All[name], CudaMachine.NewBackend(CudaMachine.Precise), name.StartsWith("NormQueryKeyValue", StringComparison.Ordinal) ? PageBound : Bound, narrow: true);

    [CudaFact]
    public void Products_of_inputs_that_bf16_does_not_hold_are_right_to_f32()
    {
        const int Rows = 5, Columns = 256, Outputs = 64;
        using var rig = new OperatorRig(CudaMachine.NewBackend(CudaMachine.Precise), 3);
        var x = rig.Residual(Rows, Columns);
        var y = rig.Residual(Rows, Outputs);
        var (inputs, before) = (rig.Read(x), rig.Read(y));
        var weights = BFloat16(rig.Values(Outputs * Columns));
        using var weight = Load(rig, weights, Outputs, Columns);
        rig.Backend.Project(x, [new(weight, y, Accumulate: true)]);
        var found = rig.Read(y);
        for (var i = 0; i < found.Length; i++)
        {
            var (row, n) = (i / Outputs, i % Outputs);
            var exact = before[i] + Enumerable.Range(0, Columns).Sum(k => (double)inputs[row * Columns + k] * weights[n * Columns + k]);
            Assert.Equal(exact, found[i], 2e-4);
        }
    }

    [CudaTheory]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public void Chunks_and_recorded_steps_leave_no_trace(string model)
    {
        var whole = Prefill(model, 200);
        foreach (var chunk in new[] { 1, 3, 16, 65, 130 })
        {
            Logits.BitEqual(whole, Prefill(model, chunk), $"chunks of {chunk}");
        }
    }

    [CudaFact]
    public async Task An_engine_generates_with_them()
    {
        var options = new EngineOptions { Backend = "cuda", Activations = DataType.Float32, StateBytes = 64L << 20 };
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, options);
        Assert.StartsWith("cuda-f32-", engine.Description.BackendKind, StringComparison.Ordinal);
        var outputs = await TinyEngine.GenerateAsync(engine.CreateSequence([]), [1, 5, 9, 13], 8, SamplingParameters.Greedy);
        Assert.Equal(8, TinyEngine.Bits(outputs).Count);
    }

    /// <summary>The cases of half-precision states and pages round by themselves.</summary>
    private static bool IsExact(string name) => !name.Contains("BFloat16", StringComparison.Ordinal) && !name.Contains("Float16", StringComparison.Ordinal);

    private static float[][] Prefill(string model, int chunk)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        var setup = new TestSetup("given") { MaxRows = 256 };
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, setup, CudaMachine.NewBackend(CudaMachine.Precise));
        return pipeline.Prefill(pipeline.NewSequence(), RandomModel.Tokens(checkpoint.Config, 200, 11), chunk);
    }

    private static float[] BFloat16(float[] values) =>
        Array.ConvertAll(values, value => Float16Bits.ToSingle(Float16Bits.FromSingle(value, DataType.BFloat16), DataType.BFloat16));

    private static unsafe OrleansLM.Engine.Backends.Weight Load(OperatorRig rig, float[] values, int rows, int columns)
    {
        var bits = Array.ConvertAll(values, value => Float16Bits.FromSingle(value, DataType.BFloat16));
        fixed (ushort* data = bits)
        {
            return rig.Backend.LoadWeight(new HostTensor((byte*)data, DataType.BFloat16, rows, columns));
        }
    }
}
