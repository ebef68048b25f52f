using System.Runtime.Intrinsics;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The SIMD backend: weights stay where they are mapped, activations are f32 in host memory, an operator runs on all threads of one team and is done when
/// the call returns. All sums have one order (<see cref="Lanes"/>), so threads, batch and vector width leave no trace in the results. An operator
/// allocates no managed memory; its scratch memory grows to the largest step and stays.
/// </summary>
public sealed unsafe partial class CpuBackend : IBackend
{
    private readonly ThreadTeam _team;
    private readonly CpuScratch _scratch;
    private readonly RopeAngles _angles = new();
    private readonly bool _wide;

    /// <param name="threads">[1, 1024]: threads that compute, the caller's included; null: all cores that the process may use.</param>
    public CpuBackend(int? threads = null)
        : this(threads, Vector512.IsHardwareAccelerated)
    {
    }

    // wide: kernels in 512 bits, which give the same bits; without the hardware they are slow.
    internal CpuBackend(int? threads, bool wide)
    {
        _wide = wide;
        var count = threads ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(threads));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1024, nameof(threads));
        _scratch = new CpuScratch(count);
        _team = new ThreadTeam(count);
    }

    public string Description => $"cpu ({VectorSet}, {_team.Count} {(_team.Count == 1 ? "thread" : "threads")})";

    /// <summary>Measured: docs/decisions/0010.</summary>
    public const int PreferredChunkTokens = 8;

    public int StateChunkTokens => PreferredChunkTokens;

    public string Kind => Lanes.Fused ? "cpu-f32-2-fma" : "cpu-f32-2";

    private static string VectorSet =>
        Vector512.IsHardwareAccelerated ? "AVX-512" :
        Vector256.IsHardwareAccelerated ? "AVX2" :
        Vector128.IsHardwareAccelerated ? "128-bit vectors" : "no vectors";

    public DeviceBuffer Allocate(DataType type, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (type == DataType.Float8E4M3)
        {
            throw new ArgumentException("the CPU backend keeps no Float8E4M3; expected Float32, BFloat16 or Float16", nameof(type));
        }

        return new HostBuffer(type, length);
    }

    public Weight LoadWeight(HostTensor tensor)
    {
        if (tensor.Data is null || tensor.Rows < 1 || tensor.Columns < 1)
        {
            throw new ArgumentException($"a weight of [{tensor.Rows}, {tensor.Columns}] at {(nint)tensor.Data:x}; expected at least one row and column in memory");
        }

        // Reading the size refuses types that are not known.
        _ = tensor.SizeInBytes;
        return new MappedWeight(tensor);
    }

    public void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x)
    {
        OperatorShapes.Embed(tokens, table, x);
        Cpu.Embed.Run(tokens, Mapped(table), Pointer(x));
    }

    public void RmsNorm(Matrix x, Weight weight, float epsilon, Matrix y)
    {
        OperatorShapes.RmsNorm(x, weight, y);
        Cpu.RmsNorm.Run(_team, Pointer(x), x.Rows, Mapped(weight), epsilon, Pointer(y));
    }

    public void Project(Matrix x, ReadOnlySpan<Projection> projections)
    {
        Span<Product> products = stackalloc Product[8];
        while (projections.Length > 0)
        {
            var count = Math.Min(products.Length, projections.Length);
            for (var i = 0; i < count; i++)
            {
                products[i] = AsProduct(x, projections[i]);
            }

            if (_wide)
            {
                MatMul.Run<WideTile>(_team, _scratch, Pointer(x), x.Rows, x.Columns, products[..count]);
            }
            else
            {
                MatMul.Run<NarrowTile>(_team, _scratch, Pointer(x), x.Rows, x.Columns, products[..count]);
            }

            projections = projections[count..];
        }
    }

    public void Rope(Matrix x, int heads, StepBatch batch, RopeTable table)
    {
        OperatorShapes.Rope(x, heads, batch, table);
        Cpu.Rope.Run(_team, Pointer(x), x.Rows, heads, x.Columns / heads / 2, _angles.For(_team, batch.Positions, table));
    }

    public void SwiGlu(Matrix gate, Matrix up)
    {
        OperatorShapes.Same(gate, up, nameof(SwiGlu));
        Cpu.SwiGlu.Run(_team, Pointer(gate), Pointer(up), (long)gate.Rows * gate.Columns);
    }

    public void BiasRelu(Matrix x, Weight bias)
    {
        OperatorShapes.Vector(bias, x.Columns, nameof(BiasRelu));
        Cpu.BiasRelu.Run(_team, Pointer(x), x.Rows, Mapped(bias));
    }

    public void GroupNorm(Matrix x, int heads, float epsilon)
    {
        OperatorShapes.Heads(x, heads, nameof(GroupNorm));
        Cpu.GroupNorm.Run(_team, Pointer(x), x.Rows, heads, x.Columns / heads, epsilon);
    }

    public void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y)
    {
        OperatorShapes.GatherRows(x, rows, y);
        var source = Pointer(x);
        var destination = Pointer(y);
        var bytes = x.Columns * sizeof(float);
        for (var i = 0; i < rows.Length; i++)
        {
            Buffer.MemoryCopy(source + (long)rows[i] * x.Columns, destination + (long)i * x.Columns, bytes, bytes);
        }
    }

    public void Dispose()
    {
        _team.Dispose();
        _angles.Dispose();
        _scratch.Dispose();
    }

    private static Product AsProduct(Matrix x, in Projection projection)
    {
        OperatorShapes.Project(x, projection);
        var weight = Mapped(projection.Weight);
        return new Product
        {
            Weights = weight.Data,
            Type = weight.Type,
            Rows = weight.Rows,
            Output = Pointer(projection.Output),
            Accumulate = projection.Accumulate,
        };
    }

    private static MappedWeight Mapped(Weight weight) => weight as MappedWeight
        ?? throw new ArgumentException($"a {weight.GetType().Name} does not belong to the CPU backend");

    private static HostBuffer Host(DeviceBuffer buffer) => buffer as HostBuffer
        ?? throw new ArgumentException($"a {buffer.GetType().Name} does not belong to the CPU backend");

    private static float* Pointer(Matrix matrix)
    {
        var buffer = Host(matrix.Buffer);
        return buffer.Type == DataType.Float32
            ? (float*)buffer.Data + matrix.Offset
            : throw new ArgumentException($"activations are Float32; the buffer of a [{matrix.Rows}, {matrix.Columns}] matrix holds {buffer.Type}");
    }
}
