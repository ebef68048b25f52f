using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// y[T, N] (+)= x[T, K] · w[N, K]ᵀ. Up to fifteen tokens are served while the weights stream from memory, in several rows far apart, and are converted in
/// registers; more tokens are <see cref="BlockedProducts"/>. All products of one call are one parallel section.
/// </summary>
internal static unsafe class MatMul
{
    /// <summary>Bytes of weights of a streamed item: long streams are read faster, short items balance the threads better.</summary>
    private const int StreamItemBytes = 256 * 1024;

    /// <summary>The last rows of a section are handed out in pieces of a quarter, so that the threads end together.</summary>
    private const int LastPieces = 4;

    /// <summary>Rows that are read together when further tokens must find them in the first-level cache.</summary>
    private const int CachedRows = 4;

    /// <summary>Most tokens that are served while the weights stream.</summary>
    private const int StreamedTokens = 15;

    public static void Run<TTile>(ThreadTeam team, CpuScratch scratch, float* x, int tokens, int k, Span<Product> products)
        where TTile : ITile
    {
        fixed (Product* pinned = products)
        {
            var job = new MatMulJob { X = x, Tokens = tokens, K = k, Products = pinned, ProductCount = products.Length };
            if (tokens <= StreamedTokens)
            {
                RunStreamed(team, &job);
            }
            else
            {
                BlockedProducts.Run<TTile>(team, scratch, &job);
            }
        }
    }

    private static void RunStreamed(ThreadTeam team, MatMulJob* job)
    {
        var rowBytes = (long)job->K * job->Products[0].Type.SizeInBytes();
        job->ItemRows = (int)Math.Clamp(StreamItemBytes / rowBytes & -MatMulKernels.StreamRows, MatMulKernels.StreamRows, 1024);
        job->LastRows = Math.Max(MatMulKernels.StreamRows, job->ItemRows / LastPieces & -MatMulKernels.StreamRows);
        var rowsLeft = 0;
        for (var p = 0; p < job->ProductCount; p++)
        {
            rowsLeft += job->Products[p].Rows;
        }

        var items = 0;
        for (var p = 0; p < job->ProductCount; p++)
        {
            var product = job->Products + p;
            var balanced = Math.Max(0, Math.Min(product->Rows, rowsLeft - 2 * team.Count * job->ItemRows));
            product->FirstItem = items;
            product->LongItems = balanced / job->ItemRows;
            items += product->LongItems + (product->Rows - product->LongItems * job->ItemRows + job->LastRows - 1) / job->LastRows;
            rowsLeft -= product->Rows;
        }

        team.Run(&StreamedItem, job, items);
    }

    private static void StreamedItem(void* context, int item, int thread)
    {
        var job = (MatMulJob*)context;
        var product = job->Find(ref item);
        var isLong = item < product->LongItems;
        var start = isLong ? item * job->ItemRows : product->LongItems * job->ItemRows + (item - product->LongItems) * job->LastRows;
        var end = Math.Min(product->Rows, start + (isLong ? job->ItemRows : job->LastRows));
        switch (product->Type)
        {
            case DataType.BFloat16: Stream<BFloat16Element>(job, product, start, end); break;
            case DataType.Float16: Stream<Float16Element>(job, product, start, end); break;
            default: Stream<Float32Element>(job, product, start, end); break;
        }
    }

    /// <summary>Rows start + i · stride + s, i = 0…7 (or 3), together: streams that are far apart and go on for the whole item.</summary>
    private static void Stream<TElement>(MatMulJob* job, Product* product, int start, int end)
        where TElement : IElement
    {
        var together = job->Tokens <= MatMulKernels.Tokens ? MatMulKernels.StreamRows : CachedRows;
        var stride = (end - start) / together;
        for (var row = start; row < start + stride; row++)
        {
            StreamRows<TElement>(job, product, row, stride, together);
        }

        var rest = start + stride * together;
        if (rest < end)
        {
            StreamRows<TElement>(job, product, rest, 1, end - rest);
        }
    }

    /// <summary>The first three tokens stream the rows from memory, the others find them in the cache.</summary>
    [SkipLocalsInit]
    private static void StreamRows<TElement>(MatMulJob* job, Product* product, int first, int stride, int rows)
        where TElement : IElement
    {
        const int TokenStride = MatMulKernels.StreamRows * Lanes.Count;
        var sums = stackalloc float[StreamedTokens * TokenStride];
        new Span<float>(sums, job->Tokens * TokenStride).Clear();
        var rowBytes = (long)job->K * TElement.Size;
        var weights = product->Weights + first * rowBytes;
        for (int t = 0, together; t < job->Tokens; t += together)
        {
            together = MatMulKernels.PassTokens(job->Tokens - t);
            MatMulKernels.Pass<TElement>(
                weights, stride * rowBytes, rows, job->X + (long)t * job->K, job->K, together, job->K & -Lanes.Count, sums + t * TokenStride, TokenStride);
        }

        AddTail<TElement>(job, weights, stride * rowBytes, rows, sums, TokenStride);
        for (var t = 0; t < job->Tokens; t++)
        {
            Write(product, sums + t * TokenStride, rows, t, first, stride);
        }
    }

    /// <summary>The last K % 8 elements, as if followed by zeros.</summary>
    private static void AddTail<TElement>(MatMulJob* job, byte* weights, long rowBytes, int rows, float* sums, int tokenStride)
        where TElement : IElement
    {
        var count = job->K % Lanes.Count;
        var k = job->K - count;
        for (var t = 0; count > 0 && t < job->Tokens; t++)
        {
            var x = Lanes.LoadTail<Float32Element>((byte*)(job->X + (long)t * job->K + k), count);
            for (var r = 0; r < rows; r++)
            {
                var sum = sums + t * tokenStride + r * Lanes.Count;
                var w = Lanes.LoadTail<TElement>(weights + r * rowBytes + (long)k * TElement.Size, count);
                Lanes.MultiplyAdd(w, x, Vector256.Load(sum)).Store(sum);
            }
        }
    }

    /// <summary>Adds up the lanes of one token and writes, or adds to, the results of rows first, first + stride, ….</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(Product* product, float* sums, int rows, int token, int first, int stride)
    {
        var y = product->Output + (long)token * product->Rows + first;
        var r = 0;
        for (; stride == 1 && r <= rows - 4; r += 4, y += 4, sums += 4 * Lanes.Count)
        {
            var sum = Lanes.Sum(Vector256.Load(sums), Vector256.Load(sums + 8), Vector256.Load(sums + 16), Vector256.Load(sums + 24));
            (product->Accumulate ? Vector128.Load(y) + sum : sum).Store(y);
        }

        for (; r < rows; r++, y += stride, sums += Lanes.Count)
        {
            var sum = Lanes.Sum(Vector256.Load(sums));
            *y = product->Accumulate ? *y + sum : sum;
        }
    }
}
