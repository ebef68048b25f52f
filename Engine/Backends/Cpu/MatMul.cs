using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// y[T, N] (+)= x[T, K] · w[N, K]ᵀ. Few tokens: weights are converted in registers as they stream from memory, each read once. Many tokens: a block of
/// rows × <see cref="KBlock"/> is converted once into a scratch panel that stays in the first-level cache while a block of tokens passes by; partial sums
/// wait in memory as their 8 lanes, so the order of additions is the same in both.
/// </summary>
internal static unsafe class MatMul
{
    /// <summary>Most tokens for which weights are not converted into a panel.</summary>
    private const int DirectTokens = MatMulKernels.Tokens;

    /// <summary>Bytes of weights of one item, few tokens: small enough to balance the threads, long enough for the prefetchers.</summary>
    private const int DirectItemBytes = 64 * 1024;

    private const int KBlock = 512;
    private const int PanelRows = 8;
    private const int ItemRows = 48;
    private const int ItemTokens = 96;

    private const int PanelFloats = PanelRows * KBlock;
    private const int AccumulatorFloats = ItemRows * ItemTokens * Lanes.Count;

    public static void Run(ThreadTeam team, CpuScratch scratch, float* x, int tokens, int k, Span<Product> products)
    {
        fixed (Product* pinned = products)
        {
            var job = new Job { X = x, Tokens = tokens, K = k, Products = pinned, ProductCount = products.Length };
            if (tokens <= DirectTokens)
            {
                RunDirect(team, &job);
            }
            else
            {
                RunBlocked(team, scratch, &job);
            }
        }
    }

    private static void RunDirect(ThreadTeam team, Job* job)
    {
        var rowBytes = (long)job->K * job->Products[0].Type.SizeInBytes();
        job->RowsPerItem = (int)Math.Clamp(DirectItemBytes / rowBytes & -MatMulKernels.Rows, MatMulKernels.Rows, 1024);
        var items = 0;
        for (var p = 0; p < job->ProductCount; p++)
        {
            job->Products[p].FirstItem = items;
            items += (job->Products[p].Rows + job->RowsPerItem - 1) / job->RowsPerItem;
        }

        team.Run(&DirectItem, job, items);
    }

    private static void RunBlocked(ThreadTeam team, CpuScratch scratch, Job* job)
    {
        job->Packed = scratch.Shared((long)job->Tokens * Lanes.RoundUp(job->K));
        job->Threads = scratch.PerThread(PanelFloats + AccumulatorFloats, out job->ThreadStride);
        team.Run(&PackItem, job, (job->Tokens + PackTokens - 1) / PackTokens);

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

    private const int PackTokens = 8;

    /// <summary>Copies x into blocks [K / KBlock][T, KBlock], so that a block of tokens lies together whatever power of two K is; zeros up to a multiple of 8.</summary>
    private static void PackItem(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Tokens, (item + 1) * PackTokens);
        for (var t = item * PackTokens; t < end; t++)
        {
            for (var k = 0; k < job->K; k += KBlock)
            {
                var length = Math.Min(KBlock, job->K - k);
                var destination = job->Packed + (long)job->Tokens * k + (long)t * Lanes.RoundUp(length);
                Lanes.Convert<Float32Element>((byte*)(job->X + (long)t * job->K + k), destination, length);
            }
        }
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

    private static void DirectItem(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var product = Find(job, ref item);
        var start = item * job->RowsPerItem;
        var end = Math.Min(product->Rows, start + job->RowsPerItem);
        switch (product->Type)
        {
            case DataType.BFloat16: DirectRows<BFloat16Element>(job, product, start, end); break;
            case DataType.Float16: DirectRows<Float16Element>(job, product, start, end); break;
            default: DirectRows<Float32Element>(job, product, start, end); break;
        }
    }

    [SkipLocalsInit]
    private static void DirectRows<TElement>(Job* job, Product* product, int start, int end)
        where TElement : IElement
    {
        const int Lane = Lanes.Count;
        var accumulators = stackalloc float[MatMulKernels.Rows * DirectTokens * Lane];
        var rowBytes = (long)job->K * TElement.Size;
        for (var row = start; row < end; row += MatMulKernels.Rows)
        {
            var rows = Math.Min(MatMulKernels.Rows, end - row);
            new Span<float>(accumulators, rows * job->Tokens * Lane).Clear();
            var weights = product->Weights + row * rowBytes;
            MatMulKernels.Accumulate<TElement>(weights, rowBytes, rows, job->X, job->K, job->Tokens, job->K & -Lane, accumulators, rows);
            AddTail<TElement>(job, weights, rowBytes, rows, accumulators);
            Finish(product, accumulators, rows, rows, row, 0, job->Tokens);
        }
    }

    /// <summary>The last K % 8 elements, as if followed by zeros.</summary>
    private static void AddTail<TElement>(Job* job, byte* weights, long rowBytes, int rows, float* accumulators)
        where TElement : IElement
    {
        var count = job->K % Lanes.Count;
        var k = job->K - count;
        for (var t = 0; count > 0 && t < job->Tokens; t++)
        {
            var x = Lanes.LoadTail<Float32Element>((byte*)(job->X + (long)t * job->K + k), count);
            for (var r = 0; r < rows; r++)
            {
                var accumulator = accumulators + (t * rows + r) * Lanes.Count;
                var w = Lanes.LoadTail<TElement>(weights + r * rowBytes + (long)k * TElement.Size, count);
                Lanes.MultiplyAdd(w, x, Vector256.Load(accumulator)).Store(accumulator);
            }
        }
    }

    private static void BlockedItem(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var product = Find(job, ref item);
        var panel = job->Threads + thread * job->ThreadStride;
        switch (product->Type)
        {
            case DataType.BFloat16: Block<BFloat16Element>(job, product, item, panel); break;
            case DataType.Float16: Block<Float16Element>(job, product, item, panel); break;
            default: Block<Float32Element>(job, product, item, panel); break;
        }
    }

    private static void Block<TElement>(Job* job, Product* product, int item, float* panel)
        where TElement : IElement
    {
        var firstRow = item / job->TokenBlocks * ItemRows;
        var rows = Math.Min(ItemRows, product->Rows - firstRow);
        var firstToken = item % job->TokenBlocks * job->TokensPerItem;
        var tokens = Math.Min(job->TokensPerItem, job->Tokens - firstToken);
        var accumulators = panel + PanelFloats;
        new Span<float>(accumulators, tokens * ItemRows * Lanes.Count).Clear();
        for (var k = 0; k < job->K; k += KBlock)
        {
            var length = Math.Min(KBlock, job->K - k);
            var padded = Lanes.RoundUp(length);
            var x = job->Packed + (long)job->Tokens * k + (long)firstToken * padded;
            for (var r = 0; r < rows; r += PanelRows)
            {
                var panelRows = Math.Min(PanelRows, rows - r);
                for (var i = 0; i < panelRows; i++)
                {
                    var source = product->Weights + ((long)(firstRow + r + i) * job->K + k) * TElement.Size;
                    Lanes.Convert<TElement>(source, panel + i * padded, length);
                }

                MatMulKernels.Accumulate<Float32Element>(
                    (byte*)panel, padded * sizeof(float), panelRows, x, padded, tokens, padded, accumulators + r * Lanes.Count, ItemRows);
            }
        }

        Finish(product, accumulators, ItemRows, rows, firstRow, firstToken, tokens);
    }

    /// <summary>Adds up the lanes and writes, or adds to, the results.</summary>
    private static void Finish(Product* product, float* accumulators, int accumulatorRows, int rows, int firstRow, int firstToken, int tokens)
    {
        for (var t = 0; t < tokens; t++)
        {
            var a = accumulators + (long)t * accumulatorRows * Lanes.Count;
            var y = product->Output + (long)(firstToken + t) * product->Rows + firstRow;
            var r = 0;
            for (; r <= rows - 4; r += 4, a += 4 * Lanes.Count)
            {
                var sums = Lanes.Sum(Vector256.Load(a), Vector256.Load(a + 8), Vector256.Load(a + 16), Vector256.Load(a + 24));
                (product->Accumulate ? Vector128.Load(y + r) + sums : sums).Store(y + r);
            }

            for (; r < rows; r++, a += Lanes.Count)
            {
                var sum = Lanes.Sum(Vector256.Load(a));
                y[r] = product->Accumulate ? y[r] + sum : sum;
            }
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
        public int RowsPerItem;

        /// <summary>x in blocks; see <see cref="PackItem"/>.</summary>
        public float* Packed;

        /// <summary>Panel and accumulators of thread i at i · <see cref="ThreadStride"/>.</summary>
        public float* Threads;
        public long ThreadStride;
        public int TokenBlocks;
        public int TokensPerItem;
    }
}
