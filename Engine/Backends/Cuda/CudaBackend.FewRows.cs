using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Products of up to 64 rows: skinny.cu takes one or two rows, wide.cu up to 16 and what skinny.cu does not take, broad.cu the rest. All have the same bits.
/// </summary>
public sealed unsafe partial class CudaBackend
{
    private readonly SkinnyKernels _skinny;
    private readonly WideKernels _wide;
    private readonly BroadKernels _broad;

    /// <summary>y = x · weightᵀ in f32, or added to what y holds.</summary>
    private void FewRowsF32(Matrix x, Weight weight, Matrix y, bool accumulate)
    {
        var (rows, n, k) = (x.Rows, weight.Rows, x.Columns);
        if (SkinnyKernels.Takes(rows, k))
        {
            SkinnyF32(new SkinnyInput(Address(x)), rows, weight, y, accumulate);
        }
        else if (rows <= WideKernels.MaxRows)
        {
            Launch(_wide.Get(accumulate ? "wide_add" : "wide_f32", "pppiii", n), _wide.Shape(n), Address(x), Address(weight), Address(y), rows, n, k);
        }
        else
        {
            var tile = _broad.Tile(n, sides: 1, unit: 0);
            Launch(
                _broad.Get(accumulate ? "broad_add" : "broad_f32", "ttpiii", tile), _broad.Shape(n, tile), Boxes(x), Boxes(weight, tile), Address(y), rows, n, k);
        }
    }

    /// <summary>Up to three products of one x, in bf16.</summary>
    private void FewRowsBF16(Matrix x, ReadOnlySpan<Projection> projections)
    {
        var (a, b, c) = Three(projections);
        var (rows, k, all) = (x.Rows, x.Columns, a.N + b.N + c.N);
        if (SkinnyKernels.Takes(rows, k))
        {
            SkinnyBF16(new SkinnyInput(Address(x)), rows, projections);
        }
        else if (rows <= WideKernels.MaxRows)
        {
            Launch(
                _wide.Get("wide_bf16", "pppppppiiiii", all), _wide.Shape(all), Address(x), a.Weight, b.Weight, c.Weight, a.Output, b.Output, c.Output, rows, a.N, b.N, c.N, k);
        }
        else
        {
            var unit = projections.Length switch { 1 => 0, 2 => a.N, _ => CommonDivisor(a.N, b.N) };
            var tile = _broad.Tile(all, sides: 1, unit);
            var (first, last) = (projections[0].Weight, projections[^1].Weight);
            Launch(
                _broad.Get("broad_bf16", "ttttpppiiiii", tile), _broad.Shape(all, tile), Boxes(x), Boxes(first, tile), Boxes(projections.Length > 1 ? projections[1].Weight : first, tile),
                Boxes(last, tile), a.Output, b.Output, c.Output, rows, a.N, b.N, c.N, k);
        }
    }

    /// <summary>y = relu(x · weightᵀ + bias).</summary>
    private void FewRowsRelu(Matrix x, Weight weight, Weight bias, Matrix y)
    {
        var (rows, n, k) = (x.Rows, weight.Rows, x.Columns);
        if (SkinnyKernels.Takes(rows, k))
        {
            SkinnyRelu(Address(x), rows, weight, bias, y);
        }
        else if (rows <= WideKernels.MaxRows)
        {
            Launch(_wide.Get("wide_relu", "ppppiii", n), _wide.Shape(n), Address(x), Address(weight), Address(bias), Address(y), rows, n, k);
        }
        else
        {
            var tile = _broad.Tile(n, sides: 1, unit: 0);
            Launch(_broad.Get("broad_relu", "ttppiii", tile), _broad.Shape(n, tile), Boxes(x), Boxes(weight, tile), Address(bias), Address(y), rows, n, k);
        }
    }

    /// <summary>y = silu(x · gateᵀ) ⊙ x · upᵀ.</summary>
    private void FewRowsSwiGlu(Matrix x, Weight gate, Weight up, Matrix y)
    {
        var (rows, n, k) = (x.Rows, gate.Rows, x.Columns);
        if (SkinnyKernels.Takes(rows, k))
        {
            SkinnySwiGlu(new SkinnyInput(Address(x)), rows, gate, up, y);
        }
        else if (rows <= WideKernels.MaxRows)
        {
            Launch(_wide.Get("wide_swiglu", "ppppiii", 2 * n), _wide.Shape(2 * n), Address(x), Address(gate), Address(up), Address(y), rows, n, k);
        }
        else
        {
            var tile = _broad.Tile(2 * n, sides: 2, unit: 0);
            Launch(_broad.Get("broad_swiglu", "tttpiii", tile), _broad.Shape(2 * n, tile), Boxes(x), Boxes(gate, tile), Boxes(up, tile), Address(y), rows, n, k);
        }
    }

    /// <summary>Rotated queries; rotated keys and values in their pages.</summary>
    private void FewRowsQueryKeyValue(Matrix x, in AttentionInputs inputs, KeyValueLayer layer, ulong angles)
    {
        var (rows, k, heads, groups, dim) = (x.Rows, x.Columns, inputs.Queries.Columns / layer.HeadDim, layer.KeyValueHeads, layer.HeadDim);
        var (wq, wk, wv, q) = (inputs.QueryWeight, inputs.KeyWeight, inputs.ValueWeight, Address(inputs.Queries));
        var (keys, values, all) = (Cuda(layer.Keys).Address, Cuda(layer.Values).Address, (heads + 2 * groups) * dim);
        if (SkinnyKernels.Takes(rows, k))
        {
            SkinnyQueryKeyValue(new SkinnyInput(Address(x)), rows, inputs, layer, angles);
        }
        else if (rows <= WideKernels.MaxRows)
        {
            Launch(
                _wide.Get("wide_qkv", "pppppppppppiiiii", all, IsNarrow(layer)), _wide.Shape(all), Address(x), Address(wq), Address(wk), Address(wv), q, keys, values, angles, _step.Positions,
                _step.PageStart, _step.PageIds, rows, heads, groups, dim, k);
        }
        else
        {
            var tile = _broad.Tile(all, sides: 2, unit: dim / 2);
            Launch(
                _broad.Get("broad_qkv", "ttttpppppppiiiii", tile, IsNarrow(layer)), _broad.Shape(all, tile), Boxes(x), Boxes(wq, tile), Boxes(wk, tile), Boxes(wv, tile), q, keys, values, angles,
                _step.Positions, _step.PageStart, _step.PageIds, rows, heads, groups, dim, k);
        }
    }

    /// <summary>The rows behind x are fetched with it and count for nothing, as far as there are any: what lies outside a map takes the copy engine longer.</summary>
    private TensorMap Boxes(Matrix x) => _maps.Get(Address(x), Math.Max(x.Rows, Math.Min(BroadKernels.MaxRows, (x.Buffer.Length - x.Offset) / x.Columns)), x.Columns);

    private TensorMap Boxes(Weight weight, BroadTile tile) => _maps.Get(Address(weight), weight.Rows, weight.Columns, tile.Box);

    private static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);
}
