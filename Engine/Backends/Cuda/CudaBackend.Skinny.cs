using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Launches of skinny.cu; rows of the residual stream are normalized inside where they are short enough.</summary>
public sealed unsafe partial class CudaBackend
{
    /// <summary>The products of a norm of one or two rows in one launch, where there is one for them.</summary>
    private bool TryNormProject(Matrix x, in NormStep norm, ReadOnlySpan<Projection> projections)
    {
        if (!NormsInside(x, norm))
        {
            return false;
        }

        OperatorShapes.RmsNorm(x, norm.Weight, norm.Output);
        foreach (var projection in projections)
        {
            OperatorShapes.Project(norm.Output, projection);
        }

        var input = InputOf(x, norm);
        if (projections.Length <= 3 && AllFast(x.Columns, projections) && AllNarrow(projections))
        {
            SkinnyBF16(input, x.Rows, projections);
            return true;
        }

        if (projections.Length == 1 && !projections[0].Accumulate && projections[0].Output.Buffer.Type == DataType.Float32 && AllFast(x.Columns, projections))
        {
            SkinnyF32(input, x.Rows, projections[0].Weight, projections[0].Output, accumulate: false);
            return true;
        }

        return false;
    }

    private bool NormsInside(Matrix x, in NormStep norm) =>
        x.Columns <= SkinnyKernels.MostNormed && SkinnyKernels.Takes(x.Rows, x.Columns) && IsFast(x, DataType.Float32) && IsFast(norm.Output, DataType.BFloat16);

    private static SkinnyInput InputOf(Matrix x, in NormStep norm) => new(Address(x), Address(norm.Weight), norm.Epsilon);

    private void SkinnyF32(SkinnyInput input, int rows, Weight weight, Matrix y, bool accumulate)
    {
        var (n, k) = (weight.Rows, weight.Columns);
        var plan = _skinny.Plan(rows, k, PlainTiles(n));
        if (accumulate)
        {
            Launch(_skinny.Get("skinny_add", "ptpiiii", plan), plan.Shape(isNormed: false), input.Rows, Panels(weight, plan), Address(y), rows, n, k, plan.Slots);
        }
        else
        {
            Launch(
                _skinny.Get("skinny_f32", "ppftpiiii", plan), plan.Shape(input.IsNormed), input.Rows, input.Gain, input.Epsilon, Panels(weight, plan), Address(y), rows, n, k, plan.Slots);
        }
    }

    private void SkinnyBF16(SkinnyInput input, int rows, ReadOnlySpan<Projection> projections)
    {
        var (a, b, c) = Three(projections);
        var (first, k) = (projections[0].Weight, projections[0].Weight.Columns);
        var plan = _skinny.Plan(rows, k, PlainTiles(a.N + b.N + c.N));
        Launch(
            _skinny.Get("skinny_bf16", "ppftttpppiiiiii", plan), plan.Shape(input.IsNormed), input.Rows, input.Gain, input.Epsilon, Panels(first, plan),
            Panels(projections.Length > 1 ? projections[1].Weight : first, plan), Panels(projections.Length > 2 ? projections[2].Weight : first, plan), a.Output, b.Output, c.Output, rows,
            a.N, b.N, c.N, k, plan.Slots);
    }

    private void SkinnyRelu(ulong x, int rows, Weight weight, Weight bias, Matrix y)
    {
        var (n, k) = (weight.Rows, weight.Columns);
        var plan = _skinny.Plan(rows, k, PlainTiles(n));
        Launch(_skinny.Get("skinny_relu", "ptppiiii", plan), plan.Shape(isNormed: false), x, Panels(weight, plan), Address(bias), Address(y), rows, n, k, plan.Slots);
    }

    private void SkinnySwiGlu(SkinnyInput input, int rows, Weight gate, Weight up, Matrix y)
    {
        var (n, k) = (gate.Rows, gate.Columns);
        var plan = _skinny.Plan(rows, k, n / 8);
        Launch(
            _skinny.Get("skinny_swiglu", "ppfttpiiii", plan), plan.Shape(input.IsNormed), input.Rows, input.Gain, input.Epsilon, Panels(gate, plan), Panels(up, plan), Address(y), rows, n, k,
            plan.Slots);
    }

    private void SkinnyQueryKeyValue(SkinnyInput input, int rows, in AttentionInputs inputs, KeyValueLayer layer, ulong angles)
    {
        var (heads, groups, dim, k) = (inputs.Queries.Columns / layer.HeadDim, layer.KeyValueHeads, layer.HeadDim, inputs.QueryWeight.Columns);
        var plan = _skinny.Plan(rows, k, (heads + 2 * groups) * dim / 16);
        Launch(
            _skinny.Get("skinny_qkv", "ppftttpppppppiiiiii", plan, IsNarrow(layer)), plan.Shape(input.IsNormed), input.Rows, input.Gain, input.Epsilon, Panels(inputs.QueryWeight, plan),
            Panels(inputs.KeyWeight, plan), Panels(inputs.ValueWeight, plan), Address(inputs.Queries), Cuda(layer.Keys).Address, Cuda(layer.Values).Address, angles, _step.Positions,
            _step.PageStart, _step.PageIds, rows, heads, groups, dim, k, plan.Slots);
    }

    /// <summary>A warp takes two tiles of eight weight rows that are not paired.</summary>
    private static long PlainTiles(int weightRows) => (weightRows / 8 + 1) / 2;

    private TensorMap Panels(Weight weight, SkinnyPlan plan) => _maps.GetPanels(Address(weight), weight.Rows, weight.Columns, plan.Panels);
}
