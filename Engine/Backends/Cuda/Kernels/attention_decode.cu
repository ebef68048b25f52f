// Softmax attention of single rows over their pages, at memory speed: one block per (split, key-value head, row); the query heads of a group are the rows of one
// tensor-core tile, so keys and values are read once for all of them. Bits: see softmax.cuh.
//
// attention_decode(const bf16* q [T, H*D], const void* keys, const void* values [pages, G, 64, D], bf16* out [T, H*D], const int* positions [T], const int* rowPageTable [T],
//                  const int* pageIds, float* partial, int* counters [T * G], int kvHeads, int splits, float scale, int window, int fresh)
//   Row t sees positions max(0, p - window + 1) .. p of its sequence, p = positions[t]; p < 0: the row is padding and is left alone. Page of position j: pageIds[rowPageTable[t] + j / 64].
//   splits = grid.x >= splits of the longest row (split_of(p) + 1). partial: f32 [T, H, splits, D + 2]. counters: zero before the first use; left zero.
//   scale = 1 / sqrt(D). fresh: how many positions up to p this step itself may have written (1 in plain decode; T is always safe): older ones are fetched before the kernel in front has
//   ended. So positions, rowPageTable, pageIds and older pages must be complete before the first kernel of the step that is launched with programmatic serialization.
// Macros: HEAD_DIM = 64 or 128, GROUP = H / G (1 .. 16), FP8 = 1: pages of e4m3, DEEP = 1: a ring of twice the slots, one block a multiprocessor instead of two: faster where there are so few
//   blocks that most of the time one is left by itself. The bits are the same.
// Launch: grid (splits, G, T), block 2 * D, dynamic shared memory = 768 * D * (DEEP ? 2 : 1) + 16 * (2 * D + 16) + 16 * 272 + 2560.
#include "softmax.cuh"
#include "fp8.cuh"

#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif
#ifndef GROUP
#define GROUP 4
#endif
#ifndef FP8
#define FP8 0
#endif

// A warp takes STEP / WARPS positions of the keys and D / WARPS columns of the values.
#define WARPS (HEAD_DIM / 16)
#define THREADS (WARPS * 32)
#define KEY_TILES (STEP / WARPS / 8)
#ifndef DEEP
#define DEEP 0
#endif
#define SLOTS ((DEEP ? 2 : 1) * (FP8 ? 6 : 3))
#define MERGE 12
#define ELEMENT (FP8 ? 1 : 2)
#define ROW_BYTES (HEAD_DIM * ELEMENT)
#define SLOT_BYTES (STEP * ROW_BYTES)
#define Q_PITCH (2 * HEAD_DIM + 16)
#define P_PITCH 272
#define COLUMN_TILES 2
#define PARTIAL (HEAD_DIM + 2)
#define MAX_PAGES 32
// Rows 8 .. 15 of the tile are empty when a group has at most eight heads.
#define HALVES (GROUP > 8 ? 2 : 1)

extern __shared__ __align__(128) unsigned char shared_memory[];

struct Row
{
    const unsigned char *keys, *values;
    const int* pages;
    int position, low, begin, kvHeads, kvHead;
};

// Where a 16-byte chunk of a key's row lies: turned by the key, so that matrix loads of eight keys meet no bank twice.
__device__ __forceinline__ int chunk_offset(int key, int chunk)
{
    return key * ROW_BYTES + (ROW_BYTES >= 128 ? chunk ^ (key & 7) : chunk ^ (key >> 1 & 3)) * 16;
}

// Stage i (keys of step i / 2, or its values) into its slot of the ring. What the row does not see is never read; it becomes zeros.
__device__ __forceinline__ void load_stage(const Row& row, int stage, u32 ring)
{
    constexpr int CHUNKS = ROW_BYTES / 16, COPIES = PAGE * CHUNKS / THREADS, KEYS = THREADS / CHUNKS;
    const unsigned char* base = stage & 1 ? row.values : row.keys;
    const int key = threadIdx.x / CHUNKS, chunk = threadIdx.x % CHUNKS;
    const u32 slot = ring + stage % SLOTS * SLOT_BYTES;
#pragma unroll
    for (int half = 0; half < 2; half++)
    {
        const int page = stage / 2 * 2 + half, first = row.begin + page * PAGE;
        const unsigned char* source = base + ((long long)row.pages[page] * row.kvHeads + row.kvHead) * (PAGE * ROW_BYTES) + threadIdx.x * 16;
        const bool whole = first >= row.low && first + PAGE - 1 <= row.position;
#pragma unroll
        for (int n = 0; n < COPIES; n++)
        {
            const int at = n * KEYS + key;
            const bool seen = whole || (first + at <= row.position && first + at >= row.low);
            copy_async(slot + chunk_offset(half * PAGE + at, chunk), seen ? source + n * (THREADS * 16) : base, seen ? 16 : 0);
        }
    }
}

// Scores of this warp's positions. e4m3: a lane's four bytes of a k16 step are taken as its four k of the product, for queries and keys alike: the same sixteen k, the same bits.
__device__ __forceinline__ void score(float (&s)[KEY_TILES][4], const u32 (&qf)[HEAD_DIM / 16][4], u32 keys, int warp, int lane)
{
#pragma unroll
    for (int j = 0; j < KEY_TILES; j++)
    {
        s[j][0] = s[j][1] = s[j][2] = s[j][3] = 0.0f;
    }

    const int first = warp * (STEP / WARPS);
#if FP8
    // Two steps of k for 16 positions at a time.
#pragma unroll
    for (int k = 0; k < HEAD_DIM / 16; k += 2)
    {
#pragma unroll
        for (int j = 0; j < KEY_TILES; j += 2)
        {
            u32 b[4];
            load_matrix_x4(b[0], b[1], b[2], b[3], keys + chunk_offset(first + j * 8 + lane % 16, k + lane / 16));
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                const uint2 wide = widen_e4m3_x4(b[i]);
                multiply_add(s[j + (i & 1)], qf[k + i / 2], wide.x, wide.y);
            }
        }
    }
#else
#pragma unroll
    for (int k = 0; k < HEAD_DIM / 16; k++)
    {
#pragma unroll
        for (int j = 0; j < KEY_TILES; j += 2)
        {
            u32 b[4];
            load_matrix_x4(b[0], b[1], b[2], b[3], keys + chunk_offset(first + j * 8 + lane / 16 * 8 + (lane & 7), k * 2 + (lane / 8 & 1)));
            multiply_add(s[j], qf[k], b[0], b[1]);
            multiply_add(s[j + 1], qf[k], b[2], b[3]);
        }
    }
#endif
}

// This warp's 16 columns of all 128 positions. e4m3: transposed loads move pairs of columns; their even and odd columns become two tiles.
__device__ __forceinline__ void weigh(float (&o)[COLUMN_TILES][4], u32 weights, u32 values, int warp, int lane)
{
#pragma unroll
    for (int k = 0; k < STEP / 16; k++)
    {
        u32 p[4], b[4];
        load_matrix_x4(p[0], p[1], p[2], p[3], weights + lane % 16 * P_PITCH + k * 32 + lane / 16 * 16);
#if FP8
        load_matrix_x2_transposed(b[0], b[1], values + chunk_offset(k * 16 + lane % 16, warp));
        multiply_add(o[0], p, widen_e4m3(__byte_perm(b[0], 0, 0x2404)), widen_e4m3(__byte_perm(b[1], 0, 0x2404)));
        multiply_add(o[1], p, widen_e4m3(__byte_perm(b[0], 0, 0x3414)), widen_e4m3(__byte_perm(b[1], 0, 0x3414)));
#else
        load_matrix_x4_transposed(b[0], b[1], b[2], b[3], values + chunk_offset(k * 16 + lane % 16, warp * 2 + lane / 16));
        multiply_add(o[0], p, b[0], b[1]);
        multiply_add(o[1], p, b[2], b[3]);
#endif
    }
}

// The columns that a lane's accumulators of tiles j, j + 1 stand for: first of four neighbours (e4m3) or of a pair each.
__device__ __forceinline__ int first_column(int j, int warp, int quad) { return FP8 ? (warp * COLUMN_TILES + j) * 8 + quad * 4 : (warp * COLUMN_TILES + j) * 8 + quad * 2; }

// Sums splits first .. last of one row and key-value head in order and writes the result.
__device__ __forceinline__ void merge_splits(const float* partial, int splits, int first, int last, float c, bf16* out)
{
    for (int i = threadIdx.x; i < GROUP * HEAD_DIM / 2; i += THREADS)
    {
        const int head = i / (HEAD_DIM / 2), column = i % (HEAD_DIM / 2) * 2;
        const float* parts = partial + (long long)head * splits * PARTIAL;
        float m = NEG_INF, l = 0.0f, o[2] = {0.0f, 0.0f};
        // MERGE splits at a time: memory is waited for once for all of them.
#pragma unroll 1
        for (int s = first; s <= last; s += MERGE)
        {
            float2 ml[MERGE], v[MERGE];
#pragma unroll
            for (int j = 0; j < MERGE; j++)
            {
                const float* part = parts + (long long)(s + j <= last ? s + j : last) * PARTIAL;
                ml[j] = __ldcg((const float2*)part);
                v[j] = __ldcg((const float2*)(part + 2 + column));
            }

#pragma unroll
            for (int j = 0; j < MERGE; j++)
            {
                if (s + j <= last)
                {
                    float a, b;
                    merge_factors(m, ml[j].x, c, a, b);
                    l = merge(l, a, ml[j].y, b);
                    o[0] = merge(o[0], a, v[j].x, b);
                    o[1] = merge(o[1], a, v[j].y, b);
                }
            }
        }

        const float inverse = __fdiv_rn(1.0f, l);
        *(u32*)(out + head * HEAD_DIM + column) = pack_bf16(__fmul_rn(o[0], inverse), __fmul_rn(o[1], inverse));
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, DEEP ? 1 : 2)
    attention_decode(const bf16* q, const void* keys, const void* values, bf16* out, const int* positions, const int* rowPageTable, const int* pageIds, float* partial,
                     int* counters, int kvHeads, int splits, float scale, int window, int fresh)
{
    __shared__ int pages[MAX_PAGES];
    __shared__ int arrived;
    let_next_kernel_start();
    // Long splits of all heads first, short ones last: they fill the gaps at the end.
    const int order = blockIdx.y * gridDim.x + blockIdx.x;
    const int split = gridDim.x - 1 - order / kvHeads, kvHead = order % kvHeads, t = blockIdx.z;
    const int position = positions[t];
    const int low = position - window >= 0 ? position - window + 1 : 0;
    const int start = split_start(split), stop = split_start(split + 1);
    if (position < 0 || start > position || stop <= low)
    {
        wait_for_previous_kernel();
        return;
    }

    const int begin = start > (low & ~(STEP - 1)) ? start : low & ~(STEP - 1);
    const int end = stop < position + 1 ? stop : position + 1;
    const int stages = (end - begin + STEP - 1) / STEP * 2;
    if (threadIdx.x < stages)
    {
        // Pages outside what the row sees may not exist: nothing of them is read.
        const int first = begin + threadIdx.x * PAGE;
        pages[threadIdx.x] = first <= position && first + PAGE > low ? pageIds[rowPageTable[t] + first / PAGE] : 0;
    }

    __syncthreads();
    const bool early = end + fresh <= position + 1;
    if (!early)
    {
        wait_for_previous_kernel();
    }

    const Row row{(const unsigned char*)keys, (const unsigned char*)values, pages, position, low, begin, kvHeads, kvHead};
    const u32 ring = shared_address(shared_memory);
#pragma unroll
    for (int i = 0; i < SLOTS - 1; i++)
    {
        if (i < stages)
        {
            load_stage(row, i, ring);
        }

        commit_copies();
    }

    if (early)
    {
        wait_for_previous_kernel();
    }

    unsigned char* qshared = shared_memory + SLOTS * SLOT_BYTES;
    unsigned char* pshared = qshared + 16 * Q_PITCH;
    float* maxima = (float*)(pshared + 16 * P_PITCH);
    float* sums = maxima + 16 * WARPS;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, quad = lane % 4;
    const int heads = kvHeads * GROUP;
    for (int i = threadIdx.x; i < 16 * HEAD_DIM / 8; i += THREADS)
    {
        const int head = i / (HEAD_DIM / 8), chunk = i % (HEAD_DIM / 8);
        uint4 v = make_uint4(0, 0, 0, 0);
        if (head < GROUP)
        {
            v = *(const uint4*)(q + ((long long)t * heads + kvHead * GROUP + head) * HEAD_DIM + chunk * 8);
        }

        *(uint4*)(qshared + head * Q_PITCH + chunk * 16) = v;
    }

    for (int i = threadIdx.x; HALVES == 1 && i < 8 * P_PITCH / 16; i += THREADS)
    {
        ((uint4*)(pshared + 8 * P_PITCH))[i] = make_uint4(0, 0, 0, 0);
    }

    __syncthreads();
    u32 qf[HEAD_DIM / 16][4];
#pragma unroll
    for (int k = 0; k < HEAD_DIM / 16; k++)
    {
#if FP8
        const uint2 upper = *(const uint2*)(qshared + g * Q_PITCH + k * 32 + quad * 8), lower = *(const uint2*)(qshared + (g + 8) * Q_PITCH + k * 32 + quad * 8);
        qf[k][0] = upper.x;
        qf[k][1] = lower.x;
        qf[k][2] = upper.y;
        qf[k][3] = lower.y;
#else
        load_matrix_x4(qf[k][0], qf[k][1], qf[k][2], qf[k][3], shared_address(qshared) + lane % 16 * Q_PITCH + k * 32 + lane / 16 * 16);
#endif
    }

    const float c = __fmul_rn(scale, 1.44269504f);
    float m[2] = {NEG_INF, NEG_INF}, l[2] = {0.0f, 0.0f}, rescale[2];
    float o[COLUMN_TILES][4];
#pragma unroll
    for (int j = 0; j < COLUMN_TILES; j++)
    {
        o[j][0] = o[j][1] = o[j][2] = o[j][3] = 0.0f;
    }

    for (int stage = 0; stage < stages; stage += 2)
    {
        wait_copies<SLOTS - 2>();
        __syncthreads();
        if (stage + SLOTS - 1 < stages)
        {
            load_stage(row, stage + SLOTS - 1, ring);
        }

        commit_copies();
        float s[KEY_TILES][4];
        score(s, qf, ring + stage % SLOTS * SLOT_BYTES, warp, lane);
        const int first = begin + stage / 2 * STEP + warp * (STEP / WARPS) + quad * 2;
        float highest[2] = {NEG_INF, NEG_INF};
#pragma unroll
        for (int j = 0; j < KEY_TILES; j++)
        {
#pragma unroll
            for (int e = 0; e < 2 * HALVES; e++)
            {
                const int key = first + j * 8 + (e & 1);
                s[j][e] = key <= position && key >= low ? s[j][e] : NEG_INF;
                highest[e / 2] = fmaxf(highest[e / 2], s[j][e]);
            }
        }

#pragma unroll
        for (int r = 0; r < HALVES; r++)
        {
            highest[r] = quad_maximum(highest[r]);
            if (quad == 0)
            {
                maxima[warp * 16 + g + 8 * r] = highest[r];
            }
        }

        __syncthreads();
#pragma unroll
        for (int r = 0; r < HALVES; r++)
        {
            const int at = g + 8 * r;
            float now = m[r];
#pragma unroll
            for (int w = 0; w < WARPS; w++)
            {
                now = fmaxf(now, maxima[w * 16 + at]);
            }

            const float finite = finite_maximum(now);
            const float scaled = __fmul_rn(finite, c);
            rescale[r] = softmax_rescale(m[r], finite, c);
            m[r] = now;
#pragma unroll
            for (int j = 0; j < KEY_TILES; j += 2)
            {
                const float p0 = softmax_weight(s[j][2 * r], c, scaled), p1 = softmax_weight(s[j][2 * r + 1], c, scaled);
                const float p2 = softmax_weight(s[j + 1][2 * r], c, scaled), p3 = softmax_weight(s[j + 1][2 * r + 1], c, scaled);
                u32* p = (u32*)(pshared + at * P_PITCH + (warp * (STEP / WARPS) + j * 8 + quad * 2) * 2);
                p[0] = pack_bf16(p0, p1);
                p[4] = pack_bf16(p2, p3);
                sums[((warp * (STEP / WARPS) / 16 + j / 2) * 16 + at) * 4 + quad] = group_sum(p0, p1, p2, p3);
            }
        }

        wait_copies<SLOTS - 2>();
        __syncthreads();
        if (stage + SLOTS < stages)
        {
            load_stage(row, stage + SLOTS, ring);
        }

        commit_copies();
#pragma unroll
        for (int r = 0; r < HALVES; r++)
        {
            const int at = (g + 8 * r) * 4 + quad;
            l[r] = __fmaf_rn(l[r], rescale[r], sum_groups(sums + at, 64));
#pragma unroll
            for (int j = 0; j < COLUMN_TILES; j++)
            {
                o[j][2 * r] = __fmul_rn(o[j][2 * r], rescale[r]);
                o[j][2 * r + 1] = __fmul_rn(o[j][2 * r + 1], rescale[r]);
            }
        }

        weigh(o, shared_address(pshared), ring + (stage + 1) % SLOTS * SLOT_BYTES, warp, lane);
    }

    const int firstSplit = split_of(low), lastSplit = split_of(position);
    const bool alone = firstSplit == lastSplit;
    float* parts = partial + ((long long)t * heads + kvHead * GROUP) * splits * PARTIAL;
    bf16* result = out + ((long long)t * heads + kvHead * GROUP) * HEAD_DIM;
#pragma unroll
    for (int r = 0; r < HALVES; r++)
    {
        l[r] = quad_sum(l[r]);
        const int head = g + 8 * r;
        if (head >= GROUP)
        {
            continue;
        }

        const float inverse = __fdiv_rn(1.0f, l[r]);
        float* part = parts + ((long long)head * splits + split) * PARTIAL;
        if (!alone && warp == 0 && quad == 0)
        {
            *(float2*)part = make_float2(m[r], l[r]);
        }

#pragma unroll
        for (int j = 0; j < COLUMN_TILES; j += 2)
        {
            float a = o[j][2 * r], b = o[j][2 * r + 1], d = o[j + 1][2 * r], e = o[j + 1][2 * r + 1];
            const int column = first_column(j, warp, quad), next = FP8 ? column + 2 : first_column(j + 1, warp, quad);
#if FP8
            // Even columns lie in one tile, odd ones in the other.
            const float swap = b;
            b = d;
            d = swap;
#endif
            if (alone)
            {
                *(u32*)(result + head * HEAD_DIM + column) = pack_bf16(__fmul_rn(a, inverse), __fmul_rn(b, inverse));
                *(u32*)(result + head * HEAD_DIM + next) = pack_bf16(__fmul_rn(d, inverse), __fmul_rn(e, inverse));
            }
            else
            {
                *(float2*)(part + 2 + column) = make_float2(a, b);
                *(float2*)(part + 2 + next) = make_float2(d, e);
            }
        }
    }

    if (alone)
    {
        return;
    }

    // Whoever finishes last merges; in which order the splits finished makes no difference.
    __syncthreads();
    if (threadIdx.x == 0)
    {
        arrived = add_acquire_release(counters + t * kvHeads + kvHead, 1);
    }

    __syncthreads();
    if (arrived == lastSplit - firstSplit)
    {
        merge_splits(parts, splits, firstSplit, lastSplit, c, result);
        if (threadIdx.x == 0)
        {
            counters[t * kvHeads + kvHead] = 0;
        }
    }
}
