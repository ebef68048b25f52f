using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>The operators that take rows one by one.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int BlockThreads = 256;

    public void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x)
    {
        var address = _step.Rows > 0 ? _step.Tokens : 0;
        if (_running is null || !tokens.Overlaps(_running.Tokens))
        {
            OperatorShapes.Embed(tokens, table, x);
            address = Indices("tokens", tokens);
        }

        if (IsFast(x, DataType.Float32) && IsNarrow(table) && x.Columns % 8 == 0)
        {
            Launch(_rows.Embed, Items((long)x.Rows * x.Columns / 8), address, Address(table), Address(x), x.Rows, x.Columns);
            return;
        }

        _generic.Embed.Launch(_stream, LaunchShape.Of(x.Rows, BlockThreads), address, Address(table), WeightType(table), Address(x), Type(x), x.Columns);
    }

    public void RmsNorm(Matrix x, Weight weight, float epsilon, Matrix y)
    {
        OperatorShapes.RmsNorm(x, weight, y);
        if (HasFastKernels && x.Buffer.Type == DataType.Float32)
        {
            var kernel = y.Buffer.Type == DataType.Float32 ? _rows.RmsNormF32 : y.Buffer.Type == DataType.BFloat16 ? _rows.RmsNorm : null;
            if (kernel is not null)
            {
                Launch(kernel, LaunchShape.Of(x.Rows, BlockThreads), Address(x), Address(weight), Address(y), x.Columns, epsilon);
                return;
            }
        }

        _generic.RmsNorm.Launch(_stream, LaunchShape.Of(x.Rows, BlockThreads), Address(x), Type(x), Address(weight), epsilon, Address(y), Type(y), x.Columns);
    }

    public void Rope(Matrix x, int heads, StepBatch batch, RopeTable table)
    {
        OperatorShapes.Heads(x, heads, nameof(Rope));
        Require(batch);
        var half = x.Columns / heads / 2;
        if (half != table.InverseFrequencies.Length || x.Rows > _step.Rows)
        {
            OperatorShapes.Rope(x, heads, batch, table);
        }

        if (IsFast(x, DataType.BFloat16) && half % 4 == 0)
        {
            Launch(_rows.RopeRows, LaunchShape.Of(x.Rows, BlockThreads), Address(x), Angles(table, x.Rows), heads, 2 * half);
            return;
        }

        _generic.Rope.Launch(
            _stream, LaunchShape.Of(x.Rows, BlockThreads), Address(x), Type(x), _step.Positions, Frequencies(table), table.StretchStart,
            table.StretchedFrequencies.Length / half, table.AttentionFactor, heads, half);
    }

    public void SwiGlu(Matrix gate, Matrix up)
    {
        OperatorShapes.Same(gate, up, nameof(SwiGlu));
        RequireSameType(gate, up, nameof(SwiGlu));
        var count = (long)gate.Rows * gate.Columns;
        if (IsFast(gate, DataType.BFloat16) && IsAligned(Address(up)) && count % 8 == 0)
        {
            Launch(_rows.SwiGlu, Items(count / 8), Address(gate), Address(up), Address(gate), count);
            return;
        }

        _generic.SwiGlu.Launch(_stream, Items(count), Address(gate), Address(up), Type(gate), count);
    }

    public void BiasRelu(Matrix x, Weight bias)
    {
        OperatorShapes.Vector(bias, x.Columns, nameof(BiasRelu));
        if (IsFast(x, DataType.BFloat16) && x.Columns % 2 == 0)
        {
            Launch(_rows.BiasRelu, Items((long)x.Rows * x.Columns / 2), Address(x), Address(bias), x.Rows, x.Columns);
            return;
        }

        _generic.BiasRelu.Launch(_stream, LaunchShape.Of(x.Rows, BlockThreads), Address(x), Type(x), Address(bias), x.Columns);
    }

    public void GroupNorm(Matrix x, int heads, float epsilon)
    {
        OperatorShapes.Heads(x, heads, nameof(GroupNorm));
        _generic.GroupNorm.Launch(_stream, new LaunchShape(x.Rows, heads, 1, 32), Address(x), Type(x), epsilon, x.Columns / heads);
    }

    public void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y)
    {
        OperatorShapes.GatherRows(x, rows, y);
        Gather(x, Indices("rows", rows), y);
    }

    public void GatherLogitRows(Matrix x, StepBatch batch, int first, Matrix y)
    {
        Require(batch);
        Gather(x, _step.LogitRows + (ulong)first * sizeof(int), y);
    }

    private void Gather(Matrix x, ulong rows, Matrix y)
    {
        if (IsFast(x, DataType.Float32) && IsFast(y, DataType.Float32) && x.Columns % 4 == 0)
        {
            Launch(_rows.GatherRows, Items((long)y.Rows * y.Columns / 4), Address(x), rows, Address(y), y.Rows, y.Columns);
            return;
        }

        _generic.GatherRows.Launch(_stream, LaunchShape.Of(y.Rows, BlockThreads), Address(x), Type(x), rows, Address(y), Type(y), x.Columns);
    }

    /// <summary>cos and sin of every row of the step, times the attention factor: [rows, D/2, 2].</summary>
    private ulong Angles(RopeTable table, int rows)
    {
        var half = table.InverseFrequencies.Length;
        var address = _scratch.Block("angles", (long)_step.Rows * half * 2 * sizeof(float));
        if (!ReferenceEquals(_anglesOf, table))
        {
            var frequencies = Frequencies(table);
            Launch(
                _rows.RopeAngles, LaunchShape.Of(_step.Rows, Math.Min(half, BlockThreads)), _step.Positions, frequencies, frequencies + (ulong)half * sizeof(float),
                table.StretchStart, table.StretchedFrequencies.Length / half, table.AttentionFactor, address, half);
            _anglesOf = table;
        }

        _ = rows;
        return address;
    }

    private ulong Frequencies(RopeTable table) => _scratch.Table(table, table.InverseFrequencies, table.StretchedFrequencies);

    /// <summary>A few integers that belong to no batch, on the device.</summary>
    private ulong Indices(string name, ReadOnlySpan<int> values)
    {
        var address = _scratch.Block(name, values.Length * sizeof(int));
        var bytes = values.Length * sizeof(int);
        Staging(bytes);
        values.CopyTo(new Span<int>(_staging!.Data, values.Length));
        _stream.CopyToDevice(address, _staging.Data, bytes);
        _stream.Synchronize();
        return address;
    }

    /// <summary>Queues a kernel that waits for the one before it by itself.</summary>
    private void Launch(CudaKernel kernel, LaunchShape shape, params ReadOnlySpan<KernelArgument> arguments)
    {
        // Kernels fetch what no kernel of the step writes before the one in front has ended: all that must be there before the step's first kernel is.
        kernel.Launch(_stream, shape with { Overlapped = _options.Overlap && _running is not null && !_isFirstKernel }, arguments);
        _maps.Trim();
        _isFirstKernel = false;
    }

    private LaunchShape Items(long items) => LaunchShape.Of(Math.Min((items + BlockThreads - 1) / BlockThreads, 8L * _context.Info.MultiprocessorCount), BlockThreads);

    private bool IsFast(Matrix x, DataType type) => HasFastKernels && x.Buffer.Type == type && IsAligned(Address(x));

    private static bool IsAligned(ulong address) => (address & 15) == 0;

    private static int WeightType(Weight weight) => TypeCode.Of(((CudaWeight)weight).Resident);

    private static bool IsNarrow(Weight weight) => ((CudaWeight)weight).Resident == DataType.BFloat16;

    private static void RequireSameType(Matrix x, Matrix y, string operation)
    {
        if (x.Buffer.Type != y.Buffer.Type)
        {
            throw new ArgumentException($"{operation}: matrices of {x.Buffer.Type} and {y.Buffer.Type}; expected one type");
        }
    }
}
