using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// y[T, N] (+)= x[T, K] · w[N, K]ᵀ. Weights are converted in registers and used where they lie. Up to three tokens are served while the weights stream from
/// memory, in several rows far apart. More tokens pass three by three over a block of rows that stays in the second-level cache; the last of them fetch
/// the next block. All products of one call are one parallel section.
/// </summary>
internal static unsafe class MatMul
{
    /// <summary>Bytes of weights of a streamed item: long streams are read faster, short items balance the threads better.</summary>
    private const int StreamItemBytes = 256 * 1024;

    /// <summary>The last rows of a section are handed out in pieces of a quarter, so that the threads end together.</summary>
    private const int LastPieces = 4;

    /// <summary>Bytes of a row in one pass: with the inputs of three tokens it fits the first-level cache.</summary>
    private const int PassBytes = 4096;
    private const int BlockRows = 32;
    private const int BlocksPerItem = 3;
    private const int ItemRows = BlockRows * BlocksPerItem;
    private const int ItemTokens = 96;

    public static void Run(ThreadTeam team, CpuScratch scratch, float* x, int tokens, int k, Span<Product> products)
    {
        fixed (Product* pinned = products)
        {
            var job = new Job { X = x, Tokens = tokens, K = k, Products = pinned, ProductCount = products.Length };
            if (tokens <= MatMulKernels.Tokens)
            {
                RunStreamed(team, &job);
            }
            else
            {
                RunBlocked(team, scratch, &job);
            }
        }
    }

    private static void RunStreamed(ThreadTeam team, Job* job)
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

    private static void RunBlocked(ThreadTeam team, CpuScratch scratch, Job* job)
    {
        job->Sums = scratch.PerThread(BlockRows * ItemTokens * Lanes.Count, out job->ThreadStride);
        job->TokenBlocks = (job->Tokens + ItemTokens - 1) / ItemTokens;
        job->TokensPerItem = (job->Tokens + job->TokenBlocks - 1) / job->TokenBlocks;
        var items = 0;
        for (var p = 0; p < job->ProductCount; p++)
        {
            job->Products[p].FirstItem = items;
            items += (job->Products[p].Rows + ItemRows - 1) / ItemRows * job->TokenBlocks;
        }

        team.Run(&BlockedItem, job, items);
    }

    private static Product* Find(Job* job, ref int item)
    {
        var p = job->ProductCount - 1;
        while (job->Products[p].FirstItem > item)
        {
            p--;
        }

        item -= job->Products[p].FirstItem;
        return job->Products + p;
    }

    private static void StreamedItem(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var product = Find(job, ref item);
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

    /// <summary>Rows start + i · stride + s, i = 0…7, together: streams that are far apart and go on for the whole item.</summary>
    private static void Stream<TElement>(Job* job, Product* product, int start, int end)
        where TElement : IElement
    {
        var stride = (end - start) / MatMulKernels.StreamRows;
        for (var row = start; row < start + stride; row++)
        {
            StreamRows<TElement>(job, product, row, stride, MatMulKernels.StreamRows);
        }

        var rest = start + stride * MatMulKernels.StreamRows;
        if (rest < end)
        {
            StreamRows<TElement>(job, product, rest, 1, end - rest);
        }
    }

    [SkipLocalsInit]
    private static void StreamRows<TElement>(Job* job, Product* product, int first, int stride, int rows)
        where TElement : IElement
    {
        const int TokenStride = MatMulKernels.StreamRows * Lanes.Count;
        var sums = stackalloc float[MatMulKernels.Tokens * TokenStride];
        new Span<float>(sums, job->Tokens * TokenStride).Clear();
        var rowBytes = (long)job->K * TElement.Size;
        var weights = product->Weights + first * rowBytes;
        MatMulKernels.Pass<TElement>(
            weights, stride * rowBytes, rows, job->X, job->K, job->Tokens, job->K & -Lanes.Count, sums, TokenStride, 0);
        AddTail<TElement>(job, weights, stride * rowBytes, rows, 0, job->Tokens, sums, TokenStride);
        for (var t = 0; t < job->Tokens; t++)
        {
            Write(product, sums + t * TokenStride, rows, t, first, stride);
        }
    }

    private static void BlockedItem(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var product = Find(job, ref item);
        var sums = job->Sums + thread * job->ThreadStride;
        switch (product->Type)
        {
            case DataType.BFloat16: Item<BFloat16Element>(job, product, item, sums); break;
            case DataType.Float16: Item<Float16Element>(job, product, item, sums); break;
            default: Item<Float32Element>(job, product, item, sums); break;
        }
    }

    private static void Item<TElement>(Job* job, Product* product, int item, float* sums)
        where TElement : IElement
    {
        var firstToken = item % job->TokenBlocks * job->TokensPerItem;
        var tokens = Math.Min(job->TokensPerItem, job->Tokens - firstToken);
        var start = item / job->TokenBlocks * ItemRows;
        var end = Math.Min(product->Rows, start + ItemRows);
        for (var row = start; row < end; row += BlockRows)
        {
            Block<TElement>(job, product, row, Math.Min(BlockRows, end - row), row + BlockRows < end, firstToken, tokens, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TElement>(Job* job, Product* product, int firstRow, int rows, bool goesOn, int firstToken, int tokens, float* sums)
        where TElement : IElement
    {
        const int TokenStride = BlockRows * Lanes.Count;
        new Span<float>(sums, tokens * TokenStride).Clear();
        var rowBytes = (long)job->K * TElement.Size;
        var weights = product->Weights + firstRow * rowBytes;
        var pass = PassBytes / TElement.Size;
        var whole = job->K & -Lanes.Count;
        for (var k = 0; k < whole; k += pass)
        {
            var isLast = k + pass >= whole;
            // What comes next: the same rows further on, or the next rows.
            var ahead = !isLast ? pass * TElement.Size : goesOn ? BlockRows * rowBytes - k * TElement.Size : 0;
            var length = Math.Min(pass, whole - k);
            for (int t = 0, width; t < tokens; t += width)
            {
                width = MatMulKernels.PassTokens(tokens - t);
                MatMulKernels.Pass<TElement>(
                    weights + k * TElement.Size, rowBytes, rows, job->X + (long)(firstToken + t) * job->K + k, job->K, width, length,
                    sums + t * TokenStride, TokenStride, t + width == tokens ? ahead : 0);
            }
        }

        AddTail<TElement>(job, weights, rowBytes, rows, firstToken, tokens, sums, TokenStride);
        for (var t = 0; t < tokens; t++)
        {
            Write(product, sums + t * TokenStride, rows, firstToken + t, firstRow, 1);
        }
    }

    /// <summary>The last K % 8 elements, as if followed by zeros.</summary>
    private static void AddTail<TElement>(Job* job, byte* weights, long rowBytes, int rows, int firstToken, int tokens, float* sums, int tokenStride)
        where TElement : IElement
    {
        var count = job->K % Lanes.Count;
        var k = job->K - count;
        for (var t = 0; count > 0 && t < tokens; t++)
        {
            var x = Lanes.LoadTail<Float32Element>((byte*)(job->X + (long)(firstToken + t) * job->K + k), count);
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

    private struct Job
    {
        /// <summary>[T, K]</summary>
        public float* X;
        public int Tokens;
        public int K;
        public Product* Products;
        public int ProductCount;

        /// <summary>Rows of a streamed item, and of the last ones.</summary>
        public int ItemRows;
        public int LastRows;

        /// <summary>Accumulators of thread i at i · <see cref="ThreadStride"/>.</summary>
        public float* Sums;
        public long ThreadStride;
        public int TokenBlocks;
        public int TokensPerItem;
    }
}
