// SUPRA's linear attention in chunks of 16 tokens that begin at multiples of 16 (docs/decisions/0010): at place j of its chunk a token reads
// o = g^j (q^T S) + sum over m <= j of g^(j-m) (q.k_m) v_m; S moves on, g^16 S + sum of g^(16-m) k_m v_m^T, when the chunk is complete. Everything is tensor-core products of 16 rows, of
// which a decode row is one: the same bits however rows come together. What is f32 goes in as three bf16 parts (8 + 8 + 8 bits, so nothing is lost); q, k and v are bf16.
// A warp has 16 value columns of one head's state in registers, as the accumulators of S^T = V^T K, which are at once the second operand of Q S.
//
// linear_attention_chunked(const bf16* q [T, H*D], const bf16* k, const bf16* v [T, G*D], float* states [slots, slotElements], long long slotElements, const float* tables [H, 49],
//                          const int* segments [n, 5], float* out [T, H*D], int heads, int kvHeads)
//   q and k behind feature map and rotation. A slot: S f32 [H, D, D] (rows are key dimensions), then keys and values bf16 [15, G, D] of the open chunk.
//   tables: g^j, g^e / sqrt(D), g^(16-m) / sqrt(D), 16 of each, and g^16.
//   segments: {firstRow, rows, start, page offset (not read), slot}; rows 0: nothing is done. Segments, states and open chunks are read before the kernel in front has ended: they must be
//   complete before the first kernel of the step that is launched with programmatic serialization. The open chunk is read only: group_norm_keep writes it.
// Macros: HEAD_DIM = 64 or 128. Launch: grid (D / 32, H, n), block 64, no dynamic shared memory.
//
// group_norm_keep(const float* x [T, H*D], bf16* y [T, H*D], float epsilon, const bf16* k, const bf16* v, float* states, long long slotElements, const int* positions [T],
//                 const int* slots [T], int rows, int heads, int kvHeads)
//   group_norm of linear_attention.cu; and every row whose chunk no later row of the step completes goes into its sequence's open chunk. Rows of a sequence are neighbours.
//   Launch: grid ceil(rows * H / 8), block 256.
#include "common.cuh"
#include "group_norm.cuh"

#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif

#define CHUNK 16
#define WARPS 2
#define THREADS (32 * WARPS)
#define COLUMNS (16 * WARPS)
#define ROW (HEAD_DIM + 8)
#define VALUE_ROW (COLUMNS + 8)
#define TILES (HEAD_DIM / 8)
#define TABLE (3 * CHUNK + 1)

struct Staged
{
    bf16 q[CHUNK][ROW], k[CHUNK][ROW], v[CHUNK][VALUE_ROW];
};

struct Segment
{
    const bf16 *q, *k, *v, *openKeys, *openValues;
    int rows, start, qStride, kvStride;
};

struct Parts
{
    u32 high[4], middle[4], low[4];

    __device__ __forceinline__ void set(int i, float a, float b)
    {
        high[i] = pack_bf16(a, b);
        a = __fadd_rn(a, -low_bf16(high[i]));
        b = __fadd_rn(b, -high_bf16(high[i]));
        middle[i] = pack_bf16(a, b);
        a = __fadd_rn(a, -low_bf16(middle[i]));
        b = __fadd_rn(b, -high_bf16(middle[i]));
        low[i] = pack_bf16(a, b);
    }
};

// What is known of a chunk before the step's own rows are: the open rows [0, place) and zeros beyond the last one.
__device__ __forceinline__ void stage_open(Staged& to, const Segment& segment, int place, int count)
{
    constexpr int PIECES = HEAD_DIM / 8, VALUE_PIECES = COLUMNS / 8;
#pragma unroll 1
    for (int i = threadIdx.x; i < CHUNK * PIECES; i += THREADS)
    {
        const int m = i / PIECES, at = i % PIECES * 8;
        if (m < place || m >= place + count)
        {
            copy_async(shared_address(&to.q[m][at]), segment.openKeys, 0);
            copy_async(shared_address(&to.k[m][at]), segment.openKeys + (m < place ? (long long)m * segment.kvStride + at : 0), m < place ? 16 : 0);
        }
    }

#pragma unroll 1
    for (int i = threadIdx.x; i < CHUNK * VALUE_PIECES; i += THREADS)
    {
        const int m = i / VALUE_PIECES, at = i % VALUE_PIECES * 8;
        if (m < place || m >= place + count)
        {
            copy_async(shared_address(&to.v[m][at]), segment.openValues + (m < place ? (long long)m * segment.kvStride + at : 0), m < place ? 16 : 0);
        }
    }
}

// The segment's rows [row, row + count), at places [place, place + count).
__device__ __forceinline__ void stage_rows(Staged& to, const Segment& segment, int row, int place, int count)
{
    constexpr int PIECES = HEAD_DIM / 8, VALUE_PIECES = COLUMNS / 8;
#pragma unroll 1
    for (int i = threadIdx.x; i < count * PIECES; i += THREADS)
    {
        const int r = i / PIECES, at = i % PIECES * 8;
        copy_async(shared_address(&to.q[place + r][at]), segment.q + (long long)(row + r) * segment.qStride + at);
        copy_async(shared_address(&to.k[place + r][at]), segment.k + (long long)(row + r) * segment.kvStride + at);
    }

#pragma unroll 1
    for (int i = threadIdx.x; i < count * VALUE_PIECES; i += THREADS)
    {
        const int r = i / VALUE_PIECES, at = i % VALUE_PIECES * 8;
        copy_async(shared_address(&to.v[place + r][at]), segment.v + (long long)(row + r) * segment.kvStride + at);
    }
}

// Q S into qs (a chain for each part of S and eight columns) and Q K^T into scores.
__device__ __forceinline__ void read_state(const Staged& now, const float (&s)[TILES][4], float (&qs)[2][3][4], float (&scores)[2][4], int lane)
{
    const int matrix = lane / 8, line = lane % 8;
    const u32 q = shared_address(&now.q[matrix % 2 * 8 + line][matrix / 2 * 8]), k = shared_address(&now.k[matrix / 2 * 8 + line][matrix % 2 * 8]);
#pragma unroll
    for (int step = 0; step < HEAD_DIM / 16; step++)
    {
        u32 a[4], b[4];
        load_matrix_x4(a[0], a[1], a[2], a[3], q + step * 32);
        load_matrix_x4(b[0], b[1], b[2], b[3], k + step * 32);
        multiply_add(scores[0], a, b[0], b[1]);
        multiply_add(scores[1], a, b[2], b[3]);
        Parts parts;
        parts.set(0, s[2 * step][0], s[2 * step][1]);
        parts.set(1, s[2 * step + 1][0], s[2 * step + 1][1]);
        parts.set(2, s[2 * step][2], s[2 * step][3]);
        parts.set(3, s[2 * step + 1][2], s[2 * step + 1][3]);
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            multiply_add(qs[half][0], a, parts.high[2 * half], parts.high[2 * half + 1]);
            multiply_add(qs[half][1], a, parts.middle[2 * half], parts.middle[2 * half + 1]);
            multiply_add(qs[half][2], a, parts.low[2 * half], parts.low[2 * half + 1]);
        }
    }
}

// The weights g^(j-m) (q_j.k_m) / sqrt(D) of rows j = lane / 4 and + 8, as the first operand of their product with V. Exact zeros where m > j.
__device__ __forceinline__ Parts weigh(const float (&scores)[2][4], const float* distance, int lane)
{
    Parts parts;
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        float w[2];
#pragma unroll
        for (int e = 0; e < 2; e++)
        {
            const int j = lane / 4 + i % 2 * 8, m = lane % 4 * 2 + e + i / 2 * 8;
            w[e] = m <= j ? __fmul_rn(scores[i / 2][i % 2 * 2 + e], distance[j - m]) : 0.0f;
        }

        parts.set(i, w[0], w[1]);
    }

    return parts;
}

__device__ __forceinline__ void multiply_parts(float* sum, const Parts& a, u32 b0, u32 b1)
{
    multiply_add(sum, a.low, b0, b1);
    multiply_add(sum, a.middle, b0, b1);
    multiply_add(sum, a.high, b0, b1);
}

// S = whole S + K^T V', values weighted by what is left of them at the chunk's end.
__device__ __forceinline__ void move_on(const Staged& now, float (&s)[TILES][4], const u32 (&values)[4], const float* keep, float whole, int lane)
{
    const int token = lane % 4 * 2, matrix = lane / 8;
    Parts parts;
    parts.set(0, __fmul_rn(low_bf16(values[0]), keep[token]), __fmul_rn(low_bf16(values[1]), keep[token + 1]));
    parts.set(1, __fmul_rn(high_bf16(values[0]), keep[token]), __fmul_rn(high_bf16(values[1]), keep[token + 1]));
    parts.set(2, __fmul_rn(low_bf16(values[2]), keep[token + 8]), __fmul_rn(low_bf16(values[3]), keep[token + 9]));
    parts.set(3, __fmul_rn(high_bf16(values[2]), keep[token + 8]), __fmul_rn(high_bf16(values[3]), keep[token + 9]));
    const u32 k = shared_address(&now.k[matrix % 2 * 8 + lane % 8][matrix / 2 * 8]);
#pragma unroll
    for (int tile = 0; tile < TILES; tile += 2)
    {
        u32 b[4];
        load_matrix_x4_transposed(b[0], b[1], b[2], b[3], k + tile * 16);
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            // Tensor cores cut sums off: only what a chunk adds goes through them, the state itself is rounded.
            float added[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            multiply_parts(added, parts, b[2 * i], b[2 * i + 1]);
#pragma unroll
            for (int e = 0; e < 4; e++)
            {
                s[tile + i][e] = __fmaf_rn(s[tile + i][e], whole, added[e]);
            }
        }
    }
}

__device__ __forceinline__ float total(const float (&parts)[3][4], int i) { return __fadd_rn(parts[0][i], __fadd_rn(parts[1][i], parts[2][i])); }

// Sums of rows lane / 4 and + 8, four neighbouring columns.
__device__ __forceinline__ void write_rows(float* out, int stride, const float (&qs)[2][3][4], const float (&av)[2][4], const float* left, int place, int count, int lane)
{
#pragma unroll
    for (int half = 0; half < 2; half++)
    {
        const int j = lane / 4 + half * 8;
        if (j >= place && j < place + count)
        {
            const float g = left[j];
            float4 o;
            o.x = __fmaf_rn(g, total(qs[0], 2 * half), av[0][2 * half]);
            o.y = __fmaf_rn(g, total(qs[1], 2 * half), av[1][2 * half]);
            o.z = __fmaf_rn(g, total(qs[0], 2 * half + 1), av[0][2 * half + 1]);
            o.w = __fmaf_rn(g, total(qs[1], 2 * half + 1), av[1][2 * half + 1]);
            *(float4*)(out + (long long)(j - place) * stride + lane % 4 * 4) = o;
        }
    }
}

__device__ __forceinline__ void run_chunk(const Staged& now, float (&s)[TILES][4], const float* table, int place, int count, float* out, int stride, int warp, int lane)
{
    float qs[2][3][4] = {}, scores[2][4] = {}, av[2][4] = {};
    read_state(now, s, qs, scores, lane);
    const Parts weights = weigh(scores, table + CHUNK, lane);
    const int token = lane % 4 * 2, column = warp * 16 + lane / 4 * 2;
    u32 values[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        values[i] = *(const u32*)&now.v[token + i % 2 + i / 2 * 8][column];
    }

    // Even columns, then odd ones: a lane then has four neighbours in the end.
    multiply_parts(av[0], weights, __byte_perm(values[0], values[1], 0x5410), __byte_perm(values[2], values[3], 0x5410));
    multiply_parts(av[1], weights, __byte_perm(values[0], values[1], 0x7632), __byte_perm(values[2], values[3], 0x7632));
    write_rows(out, stride, qs, av, table, place, count, lane);
    if (place + count == CHUNK)
    {
        move_on(now, s, values, table + 2 * CHUNK, table[3 * CHUNK], lane);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 6)
    linear_attention_chunked(const bf16* q, const bf16* k, const bf16* v, float* states, long long slotElements, const float* tables, const int* segments, float* out, int heads, int kvHeads)
{
    __shared__ __align__(16) Staged staged[2];
    __shared__ float table[TABLE];
    let_next_kernel_start();
    const int* entry = segments + 5 * blockIdx.z;
    const int firstRow = entry[0], rows = entry[1], slot = entry[4];
    if (rows <= 0)
    {
        wait_for_previous_kernel();
        return;
    }

    const int head = blockIdx.y, kvHead = head / (heads / kvHeads), strip = blockIdx.x * COLUMNS, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float* slotState = states + slot * slotElements;
    float* state = slotState + ((long long)head * HEAD_DIM + lane % 4 * 2) * HEAD_DIM + strip + warp * 16 + lane / 4 * 2;
    float s[TILES][4];
#pragma unroll
    for (int tile = 0; tile < TILES; tile++)
    {
        const float2 even = *(const float2*)(state + tile * 8 * HEAD_DIM), odd = *(const float2*)(state + (tile * 8 + 1) * HEAD_DIM);
        s[tile][0] = even.x;
        s[tile][1] = odd.x;
        s[tile][2] = even.y;
        s[tile][3] = odd.y;
    }

    if (threadIdx.x < TABLE)
    {
        table[threadIdx.x] = tables[head * TABLE + threadIdx.x];
    }

    const bf16* open = (const bf16*)(slotState + (long long)heads * HEAD_DIM * HEAD_DIM) + kvHead * HEAD_DIM;
    Segment segment;
    segment.rows = rows;
    segment.start = entry[2];
    segment.qStride = heads * HEAD_DIM;
    segment.kvStride = kvHeads * HEAD_DIM;
    segment.q = q + ((long long)firstRow * heads + head) * HEAD_DIM;
    segment.k = k + ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM;
    segment.v = v + ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM + strip;
    segment.openKeys = open;
    segment.openValues = open + (long long)(CHUNK - 1) * segment.kvStride + strip;
    out += ((long long)firstRow * heads + head) * HEAD_DIM + strip + warp * 16;

    int place = segment.start % CHUNK, count = rows < CHUNK - place ? rows : CHUNK - place;
    stage_open(staged[0], segment, place, count);
    wait_for_previous_kernel();
    stage_rows(staged[0], segment, 0, place, count);
    commit_copies();
    const bool completes = place + rows >= CHUNK;
    for (int row = 0, buffer = 0; row < rows; buffer ^= 1)
    {
        const int next = row + count, nextCount = rows - next < CHUNK ? rows - next : CHUNK;
        if (next < rows)
        {
            stage_open(staged[buffer ^ 1], segment, 0, nextCount);
            stage_rows(staged[buffer ^ 1], segment, next, 0, nextCount);
        }

        commit_copies();
        wait_copies<1>();
        __syncthreads();
        run_chunk(staged[buffer], s, table, place, count, out + (long long)row * segment.qStride, segment.qStride, warp, lane);
        __syncthreads();
        row = next;
        place = 0;
        count = nextCount;
    }

    if (!completes)
    {
        return;
    }

#pragma unroll
    for (int tile = 0; tile < TILES; tile++)
    {
        *(float2*)(state + tile * 8 * HEAD_DIM) = make_float2(s[tile][0], s[tile][2]);
        *(float2*)(state + (tile * 8 + 1) * HEAD_DIM) = make_float2(s[tile][1], s[tile][3]);
    }
}

extern "C" __global__ void __launch_bounds__(256) group_norm_keep(const float* x, bf16* y, float epsilon, const bf16* k, const bf16* v, float* states, long long slotElements,
    const int* positions, const int* slots, int rows, int heads, int kvHeads)
{
    let_next_kernel_start();
    constexpr int WORDS = HEAD_DIM / 2, PER_LANE = WORDS / 32;
    const int group = blockIdx.x * 8 + threadIdx.x / 32;
    const int t = group / heads, head = group % heads, lane = threadIdx.x % 32, shared = heads / kvHeads;
    if (t >= rows)
    {
        wait_for_previous_kernel();
        return;
    }

    // Row t stays open unless the row that completes its chunk is in the step, too.
    const int slot = slots[t], place = positions[t] % CHUNK, last = t + CHUNK - 1 - place;
    const bool keeps = slot >= 0 && head % shared == 0 && (last >= rows || slots[last] != slot);
    wait_for_previous_kernel();
    u32 key[PER_LANE], value[PER_LANE];
    const long long from = ((long long)t * kvHeads + head / shared) * WORDS + lane;
    if (keeps)
    {
#pragma unroll
        for (int i = 0; i < PER_LANE; i++)
        {
            key[i] = ((const u32*)k)[from + i * 32];
            value[i] = ((const u32*)v)[from + i * 32];
        }
    }

    norm_group<HEAD_DIM>(x, y, group, epsilon);
    if (keeps)
    {
        u32* open = (u32*)(states + slot * slotElements + (long long)heads * HEAD_DIM * HEAD_DIM) + ((long long)place * kvHeads + head / shared) * WORDS + lane;
#pragma unroll
        for (int i = 0; i < PER_LANE; i++)
        {
            open[i * 32] = key[i];
            open[(long long)(CHUNK - 1) * kvHeads * WORDS + i * 32] = value[i];
        }
    }
}
