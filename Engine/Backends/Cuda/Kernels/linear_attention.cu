// SUPRA's linear attention, token by token in f32 whatever the chunk, so that decode, prefill and replay give the same bits: S += k (v / sqrt(D))^T, o = q^T S, S = gamma S.
// A block keeps 32 value columns of one head's state in registers while the rows of a segment pass; a thread has D / 4 key dimensions of one column.
//
// linear_attention(const bf16* q [T, H*D], const bf16* k, const bf16* v [T, G*D], float* states [slots, H, D, D], const float* decay [H], const int* segments [n, 5], float* out [T, H*D],
//                  int heads, int kvHeads, float scale)      scale = 1 / sqrt(D); q and k behind feature map and rotation
//   Segments and states are read before the kernel in front has ended: they must be complete before the first kernel of the step that is launched with programmatic serialization.
//   segments: {firstRow, rows, start, page offset (not read), slot}; rows 0: nothing is done. States: rows are key dimensions, columns value dimensions.
// Macros: HEAD_DIM = 64 or 128. Launch: grid (D / 32, H, n), block 128, no dynamic shared memory.
//
// group_norm(const float* x [T, H*D], bf16* y [T, H*D], int groups, float epsilon)
//   groups = T * H; y = (x - mean) / sqrt(biased variance + epsilon) over each D. Launch: grid ceil(groups / 8), block 256.
#include "common.cuh"

#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif

#define THREADS 128
#define CHUNK 16
#define PARTS 4
#define PART (HEAD_DIM / PARTS)
// A part's row starts four banks after its neighbour's, so that the four parts of a warp read beside each other.
#define PITCH (PARTS * (PART + 4))
#define COLUMNS 32

struct Raw
{
    bf16 q[CHUNK][HEAD_DIM], k[CHUNK][HEAD_DIM], v[CHUNK][COLUMNS];
};

__device__ __forceinline__ void load_rows(u32 target, const bf16* source, int stride, int width, int rows)
{
    const int chunks = width / 8;
    for (int i = threadIdx.x; i < rows * chunks; i += THREADS)
    {
        copy_async(target + i * 16, source + (long long)(i / chunks) * stride + i % chunks * 8);
    }
}

__device__ __forceinline__ void widen_rows(float* target, const bf16* source, int rows)
{
    for (int i = threadIdx.x; i < rows * HEAD_DIM / 4; i += THREADS)
    {
        const int row = i / (HEAD_DIM / 4), at = i % (HEAD_DIM / 4) * 4;
        const uint2 raw = *(const uint2*)(source + row * HEAD_DIM + at);
        *(float4*)(target + row * PITCH + at / PART * (PART + 4) + at % PART) = make_float4(low_bf16(raw.x), high_bf16(raw.x), low_bf16(raw.y), high_bf16(raw.y));
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    linear_attention(const bf16* q, const bf16* k, const bf16* v, float* states, const float* decay, const int* segments, float* out, int heads, int kvHeads, float scale)
{
    __shared__ __align__(16) Raw raw[2];
    __shared__ __align__(16) float queries[CHUNK * PITCH], keys[CHUNK * PITCH];
    let_next_kernel_start();
    const int* segment = segments + 5 * blockIdx.z;
    const int firstRow = segment[0], rows = segment[1], slot = segment[4];
    if (rows <= 0)
    {
        wait_for_previous_kernel();
        return;
    }

    const int head = blockIdx.y, kvHead = head / (heads / kvHeads), strip = blockIdx.x * COLUMNS;
    const int lane = threadIdx.x % 32, part = lane / 8, column = threadIdx.x / 32 * 8 + lane % 8;
    q += ((long long)firstRow * heads + head) * HEAD_DIM;
    k += ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM;
    v += ((long long)firstRow * kvHeads + kvHead) * HEAD_DIM + strip;
    out += ((long long)firstRow * heads + head) * HEAD_DIM + strip + column;
    float* state = states + (((long long)slot * heads + head) * HEAD_DIM + part * PART) * HEAD_DIM + strip + column;
    const float gamma = decay[head];

    float s[PART];
#pragma unroll
    for (int i = 0; i < PART; i++)
    {
        s[i] = state[i * HEAD_DIM];
    }

    wait_for_previous_kernel();

    for (int from = -CHUNK; from < rows; from += CHUNK)
    {
        const int next = from + CHUNK;
        Raw& ahead = raw[next / CHUNK & 1];
        if (next < rows)
        {
            const int count = rows - next < CHUNK ? rows - next : CHUNK;
            load_rows(shared_address(ahead.q), q + (long long)next * heads * HEAD_DIM, heads * HEAD_DIM, HEAD_DIM, count);
            load_rows(shared_address(ahead.k), k + (long long)next * kvHeads * HEAD_DIM, kvHeads * HEAD_DIM, HEAD_DIM, count);
            load_rows(shared_address(ahead.v), v + (long long)next * kvHeads * HEAD_DIM, kvHeads * HEAD_DIM, COLUMNS, count);
        }

        commit_copies();
        if (from < 0)
        {
            continue;
        }

        wait_copies<1>();
        __syncthreads();
        const Raw& now = raw[from / CHUNK & 1];
        const int count = rows - from < CHUNK ? rows - from : CHUNK;
        widen_rows(queries, now.q[0], count);
        widen_rows(keys, now.k[0], count);
        __syncthreads();
        for (int t = 0; t < count; t++)
        {
            const float value = __fmul_rn(from_bf16(now.v[t][column]), scale);
            const float4* qrow = (const float4*)(queries + t * PITCH + part * (PART + 4));
            const float4* krow = (const float4*)(keys + t * PITCH + part * (PART + 4));
            float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
            for (int i = 0; i < PART / 4; i++)
            {
                const float4 qs = qrow[i], ks = krow[i];
                const float qe[4] = {qs.x, qs.y, qs.z, qs.w}, ke[4] = {ks.x, ks.y, ks.z, ks.w};
#pragma unroll
                for (int e = 0; e < 4; e++)
                {
                    const float grown = __fmaf_rn(ke[e], value, s[4 * i + e]);
                    sums[e] = __fmaf_rn(qe[e], grown, sums[e]);
                    s[4 * i + e] = __fmul_rn(grown, gamma);
                }
            }

            float sum = __fadd_rn(__fadd_rn(sums[0], sums[1]), __fadd_rn(sums[2], sums[3]));
            sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffffu, sum, 8));
            sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffffu, sum, 16));
            if (part == 0)
            {
                out[(long long)(from + t) * heads * HEAD_DIM] = sum;
            }
        }

        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < PART; i++)
    {
        state[i * HEAD_DIM] = s[i];
    }
}

__device__ __forceinline__ float warp_sum(float x)
{
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1)
    {
        x = __fadd_rn(x, __shfl_xor_sync(0xffffffffu, x, offset));
    }

    return x;
}

extern "C" __global__ void __launch_bounds__(256) group_norm(const float* x, bf16* y, int groups, float epsilon)
{
    let_next_kernel_start();
    wait_for_previous_kernel();
    constexpr int PAIRS = HEAD_DIM / 64;
    const int group = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (group >= groups)
    {
        return;
    }

    const float2* from = (const float2*)(x + (long long)group * HEAD_DIM) + lane;
    float2 value[PAIRS];
    float sum = 0.0f, squares = 0.0f;
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        value[i] = from[i * 32];
        sum = __fadd_rn(sum, __fadd_rn(value[i].x, value[i].y));
    }

    const float mean = __fmul_rn(warp_sum(sum), 1.0f / HEAD_DIM);
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        const float a = __fadd_rn(value[i].x, -mean), b = __fadd_rn(value[i].y, -mean);
        squares = __fmaf_rn(b, b, __fmaf_rn(a, a, squares));
    }

    const float inverse = __fdiv_rn(1.0f, __fsqrt_rn(__fadd_rn(__fmul_rn(warp_sum(squares), 1.0f / HEAD_DIM), epsilon)));
    u32* to = (u32*)(y + (long long)group * HEAD_DIM) + lane;
#pragma unroll
    for (int i = 0; i < PAIRS; i++)
    {
        to[i * 32] = pack_bf16(__fmul_rn(__fadd_rn(value[i].x, -mean), inverse), __fmul_rn(__fadd_rn(value[i].y, -mean), inverse));
    }
}
