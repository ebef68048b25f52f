// Causal softmax attention of chunks of many rows over their pages, on Hopper's warpgroup products: one block per 128 rows of a segment and query head. One warp fetches
// queries, keys and values by tensor copies; two warpgroups take 64 rows each, the scores of the next step running beside the softmax of this one. Bits: see softmax.cuh.
//
// attention_prefill(TensorMap q, TensorMap keys, TensorMap values, bf16* out [T, H*D], const int* segments [*, 5], const int* tiles [n, 2], const int* pageIds, int heads, int kvHeads,
//                   float scale, int window)
//   q: map of bf16 [rows, H*D], box 64 columns x 64 rows. keys, values: maps of bf16 [pages * G * 64, D], box 64 x 64. All: swizzle 128 B, no interleave, elements outside read as zero.
//   segments: {firstRow, rows, start position, offset of its page table in pageIds (shifted by its first page), slot}. tiles: {segment, first row within it (a multiple of 128)},
//   those with most to do first. Page of position j: pageIds[offset + j / 64]. Memory of pages that nothing was written to yet must hold finite numbers (clear pools once).
// Macros: HEAD_DIM = 64 or 128. Needs sm_90a.
// Launch: grid (H, n), block 384, dynamic shared memory = 1024 + 128 * D * 14 + 128 (queries 256 D, two steps of keys and values 1024 D, totals 512 D).
#include "hopper.cuh"
#include "softmax.cuh"

#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif

#define HALF_COLUMNS (HEAD_DIM / 64)
#define TILE_BYTES (128 * HEAD_DIM * 2)
#define O_FLOATS (HEAD_DIM / 2)

extern __shared__ unsigned char raw_memory[];

struct Tile
{
    int first, rows, position, low, pageOffset, lowPage, lastPage, begin, steps;
};

__device__ __forceinline__ Tile find_tile(const int* segments, const int* tiles, int window)
{
    const int* segment = segments + 5 * tiles[2 * blockIdx.y];
    const int skip = tiles[2 * blockIdx.y + 1];
    Tile tile;
    tile.first = segment[0] + skip;
    tile.rows = segment[1] - skip < 128 ? segment[1] - skip : 128;
    tile.position = segment[2] + skip;
    tile.pageOffset = segment[3];
    const int last = tile.position + tile.rows - 1;
    tile.low = tile.position - window >= 0 ? tile.position - window + 1 : 0;
    tile.lowPage = tile.low / PAGE;
    tile.lastPage = last / PAGE;
    tile.begin = tile.low / STEP;
    tile.steps = last / STEP + 1 - tile.begin;
    return tile;
}

__device__ __forceinline__ void load_step(const TensorMap* map, const Tile& tile, const int* pageIds, int kvHeads, int kvHead, int step, u32 shared, u32 full)
{
    expect_bytes(full, TILE_BYTES);
#pragma unroll
    for (int half = 0; half < 2; half++)
    {
        // Pages before the window or after the last row are masked: any page will do.
        int page = (tile.begin + step) * 2 + half;
        page = page < tile.lowPage ? tile.lowPage : page > tile.lastPage ? tile.lastPage : page;
        const int row = (pageIds[tile.pageOffset + page] * kvHeads + kvHead) * PAGE;
#pragma unroll
        for (int column = 0; column < HALF_COLUMNS; column++)
        {
            copy_box(shared + column * 16384 + half * 8192, map, column * 64, row, full);
        }
    }
}

// Scores of 64 rows against one step, [64, 128].
__device__ __forceinline__ void scores(float* s, u32 queries, u32 keys)
{
#pragma unroll
    for (int k = 0; k < HEAD_DIM / 16; k++)
    {
        const u32 at = k / 4 * 16384 + k % 4 * 32;
        product_n128(s, matrix_descriptor(queries + at, 16, 1024), matrix_descriptor(keys + at, 16, 1024), k > 0);
    }
}

__device__ __forceinline__ void weigh_values(float* o, const u32 (&p)[8][4], u32 values)
{
#pragma unroll
    for (int k = 0; k < 8; k++)
    {
        const u64 b = matrix_descriptor(values + k * 2048, 16384, 1024);
#if HEAD_DIM == 128
        product_regs_n128(o, p[k], b, 1);
#else
        product_regs_n64(o, p[k], b, 1);
#endif
    }
}

struct Softmax
{
    float m[2], l[2], rescale[2], c;

    __device__ __forceinline__ void reset()
    {
        m[0] = m[1] = NEG_INF;
        l[0] = l[1] = 0.0f;
    }

    // Turns scores into weights in place and moves on maximum and sum.
    __device__ __forceinline__ void step(float* s, int key, int position, int window, bool masked)
    {
        if (masked)
        {
#pragma unroll
            for (int i = 0; i < 64; i++)
            {
                const int at = key + i / 4 * 8 + (i & 1), row = position + (i & 2) * 4;
                s[i] = at <= row && row - at < window ? s[i] : NEG_INF;
            }
        }

#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            float highest = s[2 * r];
#pragma unroll
            for (int j = 0; j < 16; j++)
            {
                highest = fmaxf(highest, fmaxf(s[4 * j + 2 * r], s[4 * j + 2 * r + 1]));
            }

            const float now = fmaxf(m[r], quad_maximum(highest));
            const float finite = finite_maximum(now);
            const float scaled = __fmul_rn(finite, c);
            rescale[r] = softmax_rescale(m[r], finite, c);
            m[r] = now;
            float sums[8];
#pragma unroll
            for (int group = 0; group < 8; group++)
            {
                float* w = s + 8 * group + 2 * r;
                w[0] = softmax_weight(w[0], c, scaled);
                w[1] = softmax_weight(w[1], c, scaled);
                w[4] = softmax_weight(w[4], c, scaled);
                w[5] = softmax_weight(w[5], c, scaled);
                sums[group] = group_sum(w[0], w[1], w[4], w[5]);
            }

            l[r] = __fmaf_rn(l[r], rescale[r], sum_groups(sums, 1));
        }
    }
};

// What the splits before this one came to; the sums lie in shared memory, each thread's own.
struct Total
{
    float m[2], l[2];
    float4* o;
    bool any;

    __device__ __forceinline__ void add(const float* part, const float* partM, const float* partL, float c)
    {
        float a[2], b[2];
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const float sum = quad_sum(partL[r]);
            merge_factors(m[r], partM[r], c, a[r], b[r]);
            l[r] = merge(l[r], a[r], sum, b[r]);
        }

#pragma unroll
        for (int i = 0; i < O_FLOATS / 4; i++)
        {
            const float4 old = any ? o[i * 256] : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            o[i * 256] = make_float4(merge(old.x, a[0], part[4 * i], b[0]), merge(old.y, a[0], part[4 * i + 1], b[0]), merge(old.z, a[1], part[4 * i + 2], b[1]),
                                     merge(old.w, a[1], part[4 * i + 3], b[1]));
        }

        any = true;
    }
};

__device__ __forceinline__ void pack_weights(u32 (&p)[8][4], const float* s)
{
#pragma unroll
    for (int k = 0; k < 8; k++)
    {
        p[k][0] = pack_bf16(s[8 * k], s[8 * k + 1]);
        p[k][1] = pack_bf16(s[8 * k + 2], s[8 * k + 3]);
        p[k][2] = pack_bf16(s[8 * k + 4], s[8 * k + 5]);
        p[k][3] = pack_bf16(s[8 * k + 6], s[8 * k + 7]);
    }
}

extern "C" __global__ void __launch_bounds__(384, 1)
    attention_prefill(const __grid_constant__ TensorMap q, const __grid_constant__ TensorMap keys, const __grid_constant__ TensorMap values, bf16* out, const int* segments,
                      const int* tiles, const int* pageIds, int heads, int kvHeads, float scale, int window)
{
    const u32 base = (shared_address(raw_memory) + 1023) & ~1023u;
    const u32 queries = base, keyRing = base + TILE_BYTES, valueRing = base + 3 * TILE_BYTES, totals = base + 5 * TILE_BYTES;
    const u32 barriers = totals + 2 * TILE_BYTES;
    const u32 queriesFull = barriers, keyFull = barriers + 8, keyEmpty = barriers + 24, valueFull = barriers + 40, valueEmpty = barriers + 56;
    if (threadIdx.x == 0)
    {
        init_barrier(queriesFull, 1);
        for (int i = 0; i < 2; i++)
        {
            init_barrier(keyFull + 8 * i, 1);
            init_barrier(valueFull + 8 * i, 1);
            init_barrier(keyEmpty + 8 * i, 8);
            init_barrier(valueEmpty + 8 * i, 8);
        }

        publish_barriers();
    }

    __syncthreads();
    let_next_kernel_start();
    wait_for_previous_kernel();
    const Tile tile = find_tile(segments, tiles, window);
    const int head = blockIdx.x, kvHead = head / (heads / kvHeads);
    if (threadIdx.x < 128)
    {
        give_registers<24>();
        if (threadIdx.x == 0)
        {
            expect_bytes(queriesFull, TILE_BYTES);
#pragma unroll
            for (int i = 0; i < 2 * HALF_COLUMNS; i++)
            {
                copy_box(queries + i / 2 * 16384 + i % 2 * 8192, &q, head * HEAD_DIM + i / 2 * 64, tile.first + i % 2 * 64, queriesFull);
            }

            for (int step = 0; step < tile.steps; step++)
            {
                const u32 slot = step & 1, parity = (step / 2 & 1) ^ 1;
                wait_barrier(keyEmpty + 8 * slot, parity);
                load_step(&keys, tile, pageIds, kvHeads, kvHead, step, keyRing + slot * TILE_BYTES, keyFull + 8 * slot);
                wait_barrier(valueEmpty + 8 * slot, parity);
                load_step(&values, tile, pageIds, kvHeads, kvHead, step, valueRing + slot * TILE_BYTES, valueFull + 8 * slot);
            }
        }

        return;
    }

    take_registers<240>();
    const int group = threadIdx.x / 128 - 1, lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int row = group * 64 + warp * 16 + lane / 4;
    const int position = tile.position + row, column = lane % 4 * 2;
    const u32 mine = queries + group * 8192;
    float s[64], o[O_FLOATS];
    u32 p[8][4];
    Softmax softmax;
    softmax.c = __fmul_rn(scale, 1.44269504f);
    softmax.reset();
    Total total;
    total.m[0] = total.m[1] = NEG_INF;
    total.l[0] = total.l[1] = 0.0f;
    total.any = false;
    total.o = (float4*)(raw_memory + (totals - shared_address(raw_memory))) + (threadIdx.x - 128);
#pragma unroll
    for (int i = 0; i < O_FLOATS; i++)
    {
        o[i] = 0.0f;
    }

    // A step needs masking when its last position is beyond this warpgroup's first row, or its first one before the last row's window.
    const int firstRow = tile.position + group * 64;
    wait_barrier(queriesFull, 0);
    wait_barrier(keyFull, 0);
    begin_products();
    scores(s, mine, keyRing);
    commit_products();
    wait_products<0>();
    if (lane == 0)
    {
        arrive(keyEmpty);
    }

    int at = tile.begin * STEP;
    softmax.step(s, at + column, position, window, at + STEP - 1 > firstRow || firstRow + 63 - at >= window);
    pack_weights(p, s);
    for (int step = 0; step < tile.steps - 1; step++)
    {
        const u32 slot = step & 1, next = slot ^ 1;
        at += STEP;
        wait_barrier(keyFull + 8 * next, (step + 1) / 2 & 1);
        begin_products();
        scores(s, mine, keyRing + next * TILE_BYTES);
        commit_products();
        wait_barrier(valueFull + 8 * slot, step / 2 & 1);
        weigh_values(o, p, valueRing + slot * TILE_BYTES);
        commit_products();
        wait_products<1>();
        if (lane == 0)
        {
            arrive(keyEmpty + 8 * next);
        }

        const bool fresh = at == split_start(split_of(at));
        const float oldM[2] = {softmax.m[0], softmax.m[1]}, oldL[2] = {softmax.l[0], softmax.l[1]};
        if (fresh)
        {
            softmax.reset();
        }

        softmax.step(s, at + column, position, window, at + STEP - 1 > firstRow || firstRow + 63 - at >= window);
        wait_products<0>();
        if (lane == 0)
        {
            arrive(valueEmpty + 8 * slot);
        }

        if (fresh)
        {
            total.add(o, oldM, oldL, softmax.c);
#pragma unroll
            for (int i = 0; i < O_FLOATS; i++)
            {
                o[i] = 0.0f;
            }
        }
        else
        {
#pragma unroll
            for (int i = 0; i < O_FLOATS; i++)
            {
                o[i] = __fmul_rn(o[i], softmax.rescale[i / 2 & 1]);
            }
        }

        pack_weights(p, s);
    }

    const int final = tile.steps - 1;
    wait_barrier(valueFull + 8 * (final & 1), final / 2 & 1);
    begin_products();
    weigh_values(o, p, valueRing + (final & 1) * TILE_BYTES);
    commit_products();
    wait_products<0>();
    total.add(o, softmax.m, softmax.l, softmax.c);
#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        if (row + 8 * r < tile.rows)
        {
            const float inverse = __fdiv_rn(1.0f, total.l[r]);
            bf16* target = out + ((long long)(tile.first + row + 8 * r) * heads + head) * HEAD_DIM + column;
#pragma unroll
            for (int j = 0; j < HEAD_DIM / 8; j++)
            {
                const float4 v = total.o[j * 256];
                *(u32*)(target + 8 * j) = r == 0 ? pack_bf16(__fmul_rn(v.x, inverse), __fmul_rn(v.y, inverse)) : pack_bf16(__fmul_rn(v.z, inverse), __fmul_rn(v.w, inverse));
            }
        }
    }
}
