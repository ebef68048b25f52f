using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Products of many tokens. Inputs are interleaved by four tokens once; then a thread takes a block of rows, converts 512 elements of 12 of them to f32,
/// interleaved too, and lets all tokens pass over that panel: it stays in the first-level cache. While tokens pass, the weights of the next panel are
/// fetched. Nothing is added up across lanes before the last element of k.
/// </summary>
internal static unsafe class BlockedProducts
{
    /// <summary>Elements of k of a panel.</summary>
    private const int PanelLength = 512;

    /// <summary>Rows of a panel, a multiple of the rows of every tile: few, so that it is written to the first-level cache.</summary>
    private const int PanelRows = 12;
    private const int BlockRows = 48;
    private const int BlockTokens = 96;
    private const int PackRows = 4;

    /// <summary>Bytes that a tile fetches from each of two places.</summary>
    private const int FetchedBytes = PanelLength / ITile.FetchLength * ITile.FetchBytes;

    public static void Run<TTile>(ThreadTeam team, CpuScratch scratch, MatMulJob* job)
        where TTile : ITile
    {
        var groups = (job->Tokens + ITile.GroupTokens - 1) / ITile.GroupTokens;
        job->PaddedK = Lanes.RoundUp(job->K);
        job->TokenBlocks = (job->Tokens + BlockTokens - 1) / BlockTokens;
        job->BlockGroups = (groups + job->TokenBlocks - 1) / job->TokenBlocks;
        job->Packed = scratch.Shared((long)groups * ITile.GroupTokens * job->PaddedK);
        job->Threads = scratch.PerThread(Layout.Floats, out job->ThreadStride);
        job->Items = 0;
        for (var p = 0; p < job->ProductCount; p++)
        {
            job->Products[p].FirstItem = job->Items;
            job->Items += (job->Products[p].Rows + BlockRows - 1) / BlockRows * job->TokenBlocks;
        }

        team.Run(&Pack, job, groups);
        job->NextItem = 0;
        team.Run(&TakeItems<TTile>, job, Math.Min(team.Count, job->Items));
    }

    /// <summary>[4, K] to [K / 8, 4, 8], zeros after the last element and the last token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(void* context, int group, int thread)
    {
        var job = (MatMulJob*)context;
        var tokens = Math.Min(ITile.GroupTokens, job->Tokens - group * ITile.GroupTokens);
        var packed = job->Packed + (long)group * ITile.GroupTokens * job->PaddedK;
        for (var t = 0; t < ITile.GroupTokens; t++, packed += Lanes.Count)
        {
            var x = job->X + ((long)group * ITile.GroupTokens + t) * job->K;
            if (t < tokens)
            {
                Interleave<Float32Element>((byte*)x, packed, job->K, ITile.RowSums);
            }
            else
            {
                Zero(packed, job->K, ITile.RowSums);
            }
        }
    }

    /// <summary>A thread's share: it knows its next item before it begins one, to fetch its first weights in time.</summary>
    private static void TakeItems<TTile>(void* context, int index, int thread)
        where TTile : ITile
    {
        var job = (MatMulJob*)context;
        var memory = new Layout(job->Threads + thread * job->ThreadStride);
        new Span<float>(memory.Zeros, TTile.Rows * ITile.RowSums).Clear();
        for (int item = job->Take(), next; item < job->Items; item = next)
        {
            next = job->Take();
            var block = new Block(job, item);
            switch (block.Product->Type)
            {
                case DataType.BFloat16: Item<BFloat16Element, TTile>(job, block, next, memory); break;
                case DataType.Float16: Item<Float16Element, TTile>(job, block, next, memory); break;
                default: Item<Float32Element, TTile>(job, block, next, memory); break;
            }
        }
    }

    private static void Item<TElement, TTile>(MatMulJob* job, Block block, int next, Layout memory)
        where TElement : IElement
        where TTile : ITile
    {
        var stride = (long)job->K * TElement.Size;
        for (var k = 0; k < job->PaddedK; k += PanelLength)
        {
            for (var row = 0; row < block.Rows; row += PanelRows)
            {
                var panel = new Panel(row, Math.Min(PanelRows, block.Rows - row), k, Math.Min(PanelLength, job->PaddedK - k));
                Convert<TElement, TTile>(block, job->K, panel, memory.Panel);
                var ahead = row + PanelRows < block.Rows ? block.Weights(job->K, k) + (row + PanelRows) * stride
                    : k + PanelLength < job->PaddedK ? block.Weights(job->K, k + PanelLength)
                    : next < job->Items ? new Block(job, next).Weights(job->K, 0) : null;
                for (var group = 0; group < block.Groups; group++)
                {
                    Pass<TTile>(job, block, panel, group, memory, ahead, stride);
                }
            }
        }

        Write(job, block, memory.Sums);
    }

    /// <summary>One group of tokens over the whole panel. The first groups fetch the rows of the next panel, the others the inputs of the next group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pass<TTile>(MatMulJob* job, in Block block, in Panel panel, int group, in Layout memory, byte* ahead, long stride)
        where TTile : ITile
    {
        var tokens = Math.Min(ITile.GroupTokens, job->Tokens - (block.FirstGroup + group) * ITile.GroupTokens);
        var x = job->Inputs(block.FirstGroup + group, panel.First);
        var nextInputs = (byte*)(group + 1 < block.Groups ? job->Inputs(block.FirstGroup + group + 1, panel.First) : job->Inputs(block.FirstGroup, panel.First + panel.Length));
        var sums = memory.Sums + (group * BlockRows + panel.Row) * ITile.RowSums;
        for (var row = 0; row < panel.Rows; row += TTile.Rows)
        {
            var fetch = nextInputs;
            var also = fetch + FetchedBytes;
            nextInputs += 2 * FetchedBytes;
            if (ahead != null && group < TTile.Rows)
            {
                fetch = ahead + (row + group) * stride;
                also = group + block.Groups < TTile.Rows ? fetch + block.Groups * stride : also;
                for (var more = group + 2 * block.Groups; more < TTile.Rows; more += block.Groups)
                {
                    Prefetch.Bytes(ahead + (row + more) * stride, FetchedBytes);
                }
            }

            var to = sums + row * ITile.RowSums;
            TTile.Run(memory.Panel + row * panel.Length, x, panel.Length, tokens, panel.First == 0 ? memory.Zeros : to, to, fetch, also);
        }
    }

    /// <summary>Rows of weights to [rows / R, length / 8, R, 8]; rows that are missing in the last one are zeros.</summary>
    private static void Convert<TElement, TTile>(in Block block, int columns, in Panel panel, float* target)
        where TElement : IElement
        where TTile : ITile
    {
        var rows = (panel.Rows + TTile.Rows - 1) / TTile.Rows * TTile.Rows;
        var count = Math.Min(panel.Length, columns - panel.First);
        var source = block.Weights(columns, panel.First) + (long)panel.Row * columns * TElement.Size;
        for (var row = 0; row < rows; row++, source += (long)columns * TElement.Size)
        {
            var first = target + row / TTile.Rows * TTile.Rows * panel.Length + row % TTile.Rows * Lanes.Count;
            if (row < panel.Rows)
            {
                Interleave<TElement>(source, first, count, TTile.Rows * Lanes.Count);
            }
            else
            {
                Zero(first, count, TTile.Rows * Lanes.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave<TElement>(byte* source, float* target, int count, long stride)
        where TElement : IElement
    {
        for (; count >= PackRows * Lanes.Count; count -= PackRows * Lanes.Count)
        {
            TElement.Load(source).Store(target);
            TElement.Load(source + Lanes.Count * TElement.Size).Store(target + stride);
            TElement.Load(source + 2 * Lanes.Count * TElement.Size).Store(target + 2 * stride);
            TElement.Load(source + 3 * Lanes.Count * TElement.Size).Store(target + 3 * stride);
            source += PackRows * Lanes.Count * TElement.Size;
            target += PackRows * stride;
        }

        for (; count >= Lanes.Count; count -= Lanes.Count, source += Lanes.Count * TElement.Size, target += stride)
        {
            TElement.Load(source).Store(target);
        }

        if (count > 0)
        {
            Lanes.LoadTail<TElement>(source, count).Store(target);
        }
    }

    private static void Zero(float* target, int count, int stride)
    {
        for (; count > 0; count -= Lanes.Count, target += stride)
        {
            Vector256<float>.Zero.Store(target);
        }
    }

    /// <summary>Adds up the lanes and writes, or adds to, the results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(MatMulJob* job, in Block block, float* sums)
    {
        var product = block.Product;
        for (var group = 0; group < block.Groups; group++, sums += BlockRows * ITile.RowSums)
        {
            var first = (block.FirstGroup + group) * ITile.GroupTokens;
            for (var t = 0; t < Math.Min(ITile.GroupTokens, job->Tokens - first); t++)
            {
                var y = product->Output + (long)(first + t) * product->Rows + block.FirstRow;
                Write(sums + t * Lanes.Count, y, block.Rows, product->Accumulate);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(float* sums, float* y, int rows, bool accumulate)
    {
        var r = 0;
        for (; r <= rows - 4; r += 4, sums += 4 * ITile.RowSums)
        {
            var sum = Lanes.Sum(
                Vector256.Load(sums), Vector256.Load(sums + ITile.RowSums), Vector256.Load(sums + 2 * ITile.RowSums), Vector256.Load(sums + 3 * ITile.RowSums));
            (accumulate ? Vector128.Load(y + r) + sum : sum).Store(y + r);
        }

        for (; r < rows; r++, sums += ITile.RowSums)
        {
            var sum = Lanes.Sum(Vector256.Load(sums));
            y[r] = accumulate ? y[r] + sum : sum;
        }
    }

    /// <summary>What an item stands for.</summary>
    private readonly struct Block
    {
        public readonly Product* Product;
        public readonly int FirstRow;
        public readonly int Rows;
        public readonly int FirstGroup;
        public readonly int Groups;

        public Block(MatMulJob* job, int item)
        {
            Product = job->Find(ref item);
            var groups = (job->Tokens + ITile.GroupTokens - 1) / ITile.GroupTokens;
            FirstGroup = item % job->TokenBlocks * job->BlockGroups;
            Groups = Math.Min(job->BlockGroups, groups - FirstGroup);
            FirstRow = item / job->TokenBlocks * BlockRows;
            Rows = Math.Min(BlockRows, Product->Rows - FirstRow);
        }

        /// <summary>Element k of the first row.</summary>
        public byte* Weights(int columns, int k) => Product->Weights + ((long)FirstRow * columns + k) * Product->Type.SizeInBytes();
    }

    /// <summary>Rows of a block and elements of k: [Row, Row + Rows) × [First, First + Length).</summary>
    private readonly struct Panel(int row, int rows, int first, int length)
    {
        public readonly int Row = row;
        public readonly int Rows = rows;
        public readonly int First = first;
        public readonly int Length = length;
    }

    /// <summary>A thread's memory.</summary>
    private readonly struct Layout(float* memory)
    {
        private const int PanelFloats = PanelRows * PanelLength;
        private const int SumFloats = BlockRows * BlockTokens * Lanes.Count;
        private const int ZeroFloats = 8 * ITile.RowSums;

        public const int Floats = PanelFloats + SumFloats + ZeroFloats;

        public readonly float* Panel = memory;

        /// <summary>[groups, rows, 4, 8]</summary>
        public readonly float* Sums = memory + PanelFloats;
        public readonly float* Zeros = memory + PanelFloats + SumFloats;
    }
}
