// Logits to token ids on the device: the arithmetic of Engine/Sampling operation by operation, so that the same logits give the same id as on the host. Order: logit bias,
// penalties, temperature, top-k, top-p, min-p, draw with uniform(seed, position). Log-probabilities come from the raw logits.
//
// sample(const float* logits [R, V], const SampleRow* rows [R], const int* biasIds, const float* biasValues, int* counts [slots, V], float* work [R, V], int* ids [R],
//        SampleResult* results [R], int vocabulary)
//   counts: 0 for a token that the sequence does not hold, otherwise 1 + how often it was generated in this turn (TokenCounts). V <= 1048576.
//   rows, biases and results may lie in host memory: rows and biases are read once, of the results only what was asked for is written.
//   Launch: grid (R), block 1024, no dynamic shared memory.
// take_tokens(int* tokens [n], const int* ids, int n)    a token below 0, ~i, becomes ids[i]; grid any, block any
#include "common.cuh"

#define THREADS 1024
#define BLOCK 1024
#define MAX_TOP 20
#define BUCKETS 2048
#define TILE 4096

struct SampleRow
{
    float temperature;      // 0: greedy
    int topK;               // 0: all
    float topP, minP;       // 1, 0: off
    float repetition, presence, frequency;
    int counts;             // row of `counts`, or -1
    u64 seed;
    long long position;     // of the token to come
    int biasStart, biasCount;
    int top;                // how many log-probabilities beside the sampled one, or -1: none at all
    int countIt;            // 1: the sampled token is added to the counts
    int given;              // -1: a token is chosen; else this one gets its log-probabilities; -2: nothing is done
    int unused;
};

struct SampleResult
{
    int id;                 // -1: a logit was not finite
    int badId;              // the first logit that was not finite, or -1
    float logProb;          // of a row with an offender: its value
    int topCount;
    int topIds[MAX_TOP];
    float topLogProbs[MAX_TOP];
};

struct Buckets
{
    u64 mass[BUCKETS];
    u32 count[BUCKETS];
};

struct Picking
{
    double blockSums[1024];
    int kept[BLOCK];
    float keptWeight[BLOCK];
};

struct Shared
{
    float warpMax[32];
    int warpIndex[32];
    float max;
    int index;
    int bad;
    union
    {
        Buckets buckets;
        float tile[TILE];
        Picking picking;
    };

    double lanes[16];
    double total;
    double rest;
    int found, ties, keptCount, value, limit;
    u32 prefix;
};

__device__ __forceinline__ bool is_finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

__device__ __forceinline__ void warp_best(float& value, int& index)
{
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1)
    {
        const float v = __shfl_xor_sync(0xffffffffu, value, offset);
        const int i = __shfl_xor_sync(0xffffffffu, index, offset);
        if (v > value || (v == value && i < index))
        {
            value = v;
            index = i;
        }
    }
}

// Best (highest value, then lowest index) of the block, told to all.
__device__ void block_best(Shared& shared, float value, int index)
{
    warp_best(value, index);
    __syncthreads();
    if (threadIdx.x % 32 == 0)
    {
        shared.warpMax[threadIdx.x / 32] = value;
        shared.warpIndex[threadIdx.x / 32] = index;
    }

    __syncthreads();
    if (threadIdx.x < 32)
    {
        value = shared.warpMax[threadIdx.x];
        index = shared.warpIndex[threadIdx.x];
        warp_best(value, index);
        if (threadIdx.x == 0)
        {
            shared.max = value;
            shared.index = index;
        }
    }

    __syncthreads();
}

// Highest value and its first index; false, and the first offender in shared.bad, when a value is not finite.
__device__ bool finite_max(Shared& shared, const float* values, int n)
{
    if (threadIdx.x == 0)
    {
        shared.bad = 0x7fffffff;
    }

    __syncthreads();
    float best = NEG_INF;
    int index = 0x7fffffff, bad = 0x7fffffff;
#pragma unroll 8
    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        const float v = values[i];
        bad = is_finite(v) || bad < i ? bad : i;
        if (v > best)
        {
            best = v;
            index = i;
        }
    }

    if (bad != 0x7fffffff)
    {
        atomicMin(&shared.bad, bad);
    }

    block_best(shared, best, index);
    return shared.bad == 0x7fffffff;
}

// exp(x) for x <= 0 as LogitScan.Exponential: no fused multiply-add, every step rounded.
__device__ __forceinline__ float exponential(float x)
{
    const float lowest = -87.3f;
    const bool visible = x > lowest;
    x = fmaxf(x, lowest);
    const float n = floorf(__fadd_rn(__fmul_rn(x, 1.44269504f), 0.5f));
    const float r = __fsub_rn(__fsub_rn(x, __fmul_rn(n, 0.693359375f)), __fmul_rn(n, -2.12194440e-4f));
    float p = 1.9875691e-4f;
    p = __fadd_rn(__fmul_rn(p, r), 1.3981999e-3f);
    p = __fadd_rn(__fmul_rn(p, r), 8.3334519e-3f);
    p = __fadd_rn(__fmul_rn(p, r), 4.1665796e-2f);
    p = __fadd_rn(__fmul_rn(p, r), 1.6666666e-1f);
    p = __fadd_rn(__fmul_rn(p, r), 0.5f);
    p = __fadd_rn(__fadd_rn(__fmul_rn(__fmul_rn(p, r), r), r), 1.0f);
    const float scale = __int_as_float((__float2int_rn(n) + 127) << 23);
    return visible ? __fmul_rn(p, scale) : 0.0f;
}

__device__ __forceinline__ void weigh(const float* values, float max, float temperature, float* weights, int n)
{
#pragma unroll 4
    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        weights[i] = exponential(__fdiv_rn(__fsub_rn(values[i], max), temperature));
    }

    __syncthreads();
}

// LogitScan.Sum over `n` weights: sixteen lanes in double, eight pairs of them, then what is left over; the same order as on the host. The result is shared.total.
__device__ void ordered_sum(Shared& shared, const float* weights, int n)
{
    const int vectors = n / 16;
    double sum = 0.0;
    for (int from = 0; from < vectors * 16; from += TILE)
    {
        const int count = vectors * 16 - from < TILE ? vectors * 16 - from : TILE;
        for (int i = threadIdx.x; i < count; i += THREADS)
        {
            shared.tile[i] = weights[from + i];
        }

        __syncthreads();
        if (threadIdx.x < 16)
        {
#pragma unroll 16
            for (int i = threadIdx.x; i < count; i += 16)
            {
                sum = __dadd_rn(sum, (double)shared.tile[i]);
            }
        }

        __syncthreads();
    }

    if (threadIdx.x < 16)
    {
        shared.lanes[threadIdx.x] = sum;
    }

    __syncthreads();
    if (threadIdx.x == 0)
    {
        double total = 0.0;
        for (int lane = 0; lane < 8; lane++)
        {
            total = __dadd_rn(total, __dadd_rn(shared.lanes[lane], shared.lanes[lane + 8]));
        }

        for (int i = vectors * 16; i < n; i++)
        {
            total = __dadd_rn(total, (double)weights[i]);
        }

        shared.total = total;
    }

    __syncthreads();
}

// CutoffSearch.FindBucket, by one warp: the bucket that the last kept one is in; what lies above it is taken off limit and mass. Every lane does the same, so that 32 buckets
// can be looked at for being empty at once.
__device__ void find_bucket(Shared& shared, u32 prefix, int shift, int buckets, bool byMass)
{
    // No weight is above 1.
    const int top = shift == 20 ? 127 << 3 : buckets - 1;
    int limit = shared.limit, found = -1;
    double rest = shared.rest, foundSum = 0.0;
    bool done = false;
    for (int from = top & ~31; from >= 0 && !done; from -= 32)
    {
        const int mine = from + threadIdx.x;
        u32 filled = __ballot_sync(0xffffffffu, mine <= top && shared.buckets.count[mine] != 0);
        while (filled != 0 && !done)
        {
            const int bit = 31 - __clz(filled), i = from + bit;
            filled &= ~(1u << bit);
            if (found >= 0)
            {
                limit -= shared.buckets.count[found];
                rest = __dsub_rn(rest, foundSum);
            }

            found = i;
            const u32 exponent = shift == 20 ? (u32)i >> 3 : prefix >> 23;
            foundSum = byMass ? __dmul_rn((double)shared.buckets.mass[i], __hiloint2double((int)(exponent - 127 - 23 + 1023) << 20, 0)) : 0.0;
            done = (int)shared.buckets.count[i] >= limit || (byMass && foundSum >= rest);
        }
    }

    __syncwarp();
    if (threadIdx.x == 0)
    {
        shared.limit = limit;
        shared.rest = rest;
        shared.found = found;
        shared.keptCount = shared.buckets.count[found];
    }
}

// CutoffSearch.Search among weights above `floor`: the weight of the last one kept (shared.value, as bits) and how many of its equals are (shared.ties). The sums of
// a bucket are exact: all its weights have one exponent, so their fractions are added as integers.
__device__ void search(Shared& shared, const float* weights, int n, float floor, int limit, double mass, bool byMass)
{
    u32 prefix = 0, mask = 0;
    int left = 0;
    if (threadIdx.x == 0)
    {
        shared.rest = mass;
        shared.limit = limit;
    }

    for (int shift = 20; shift >= 0; shift -= 10)
    {
        const int buckets = shift == 20 ? BUCKETS : BUCKETS / 2;
        for (int i = threadIdx.x; i < buckets; i += THREADS)
        {
            shared.buckets.count[i] = 0;
            shared.buckets.mass[i] = 0;
        }

        __syncthreads();
        for (int i = threadIdx.x; i < n; i += THREADS)
        {
            const float weight = weights[i];
            const u32 bits = __float_as_uint(weight);
            if (weight > floor && (bits & mask) == prefix)
            {
                const int bucket = bits >> shift & (buckets - 1);
                atomicAdd(&shared.buckets.count[bucket], 1u);
                if (byMass)
                {
                    atomicAdd(&shared.buckets.mass[bucket], (u64)(bits & 0x7fffff | 0x800000));
                }
            }
        }

        __syncthreads();
        if (threadIdx.x < 32)
        {
            find_bucket(shared, prefix, shift, buckets, byMass);
        }

        __syncthreads();
        prefix |= (u32)shared.found << shift;
        mask |= (u32)(buckets - 1) << shift;
        left = shared.keptCount;
    }

    if (threadIdx.x == 0)
    {
        const float last = __uint_as_float(prefix);
        int ties = left < shared.limit ? left : shared.limit;
        if (byMass && last != 0)
        {
            const double needed = ceil(__ddiv_rn(shared.rest, (double)last));
            ties = needed < 1 ? 1 : needed > ties ? ties : (int)needed;
        }

        shared.value = (int)prefix;
        shared.ties = ties;
        shared.keptCount = left;
    }

    __syncthreads();
}

// Sets what is not kept to zero; of the equals of the last one, those with the lowest ids stay.
__device__ void cut(Shared& shared, float* weights, int n)
{
    const float last = __int_as_float(shared.value);
    const bool all = shared.keptCount <= shared.ties;
    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        if (weights[i] < last)
        {
            weights[i] = 0.0f;
        }
    }

    __syncthreads();
    if (!all && threadIdx.x < 32)
    {
        int ties = shared.ties;
        for (int from = 0; from < n; from += 32)
        {
            const int i = from + threadIdx.x;
            const bool equal = i < n && weights[i] == last;
            const u32 votes = __ballot_sync(0xffffffffu, equal);
            if (equal && __popc(votes & ((1u << threadIdx.x) - 1)) >= ties)
            {
                weights[i] = 0.0f;
            }

            ties -= min(ties, __popc(votes));
        }
    }

    __syncthreads();
}

__device__ int count_positive(Shared& shared, const float* weights, int n)
{
    int count = 0;
    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        count += weights[i] > 0.0f;
    }

    for (int offset = 16; offset > 0; offset >>= 1)
    {
        count += __shfl_xor_sync(0xffffffffu, count, offset);
    }

    if (threadIdx.x == 0)
    {
        shared.found = 0;
    }

    __syncthreads();
    if (threadIdx.x % 32 == 0)
    {
        atomicAdd(&shared.found, count);
    }

    __syncthreads();
    const int all = shared.found;
    __syncthreads();
    return all;
}

__device__ double uniform(u64 seed, long long position)
{
    u32 a = (u32)position, b = (u32)(position >> 32), c = 0, d = 0, ka = (u32)seed, kb = (u32)(seed >> 32);
    for (int round = 0; round < 10; round++)
    {
        const u64 first = (u64)0xD2511F53u * a, second = (u64)0xCD9E8D57u * c;
        const u32 na = (u32)(second >> 32) ^ b ^ ka, nc = (u32)(first >> 32) ^ d ^ kb;
        a = na;
        b = (u32)second;
        c = nc;
        d = (u32)first;
        ka += 0x9E3779B9u;
        kb += 0xBB67AE85u;
    }

    return __dmul_rn((double)(((u64)b << 32 | a) >> 11), 1.0 / 9007199254740992.0);
}

// Sampler.Pick: blocks of 1024 by their sums, then one by one inside the block.
__device__ int pick(Shared& shared, const float* weights, int n, double u)
{
    const int blocks = (n + BLOCK - 1) / BLOCK;
    for (int first = 0; first < blocks; first += THREADS / 16)
    {
        const int block = first + threadIdx.x / 16, lane = threadIdx.x % 16;
        const int length = block < blocks ? min(BLOCK, n - block * BLOCK) : 0;
        const float* from = weights + block * BLOCK;
        double sum = 0.0;
#pragma unroll 16
        for (int i = lane; i < length / 16 * 16; i += 16)
        {
            sum = __dadd_rn(sum, (double)from[i]);
        }

        // Lane l and l + 8 are the halves of one vector; the eight sums are added one after the other.
        const u32 group = 0xffffu << (threadIdx.x & 16);
        sum = __dadd_rn(sum, __shfl_down_sync(group, sum, 8, 16));
        double total = 0.0;
        for (int i = 0; i < 8; i++)
        {
            total = __dadd_rn(total, __shfl_sync(group, sum, i, 16));
        }

        if (lane == 0 && block < blocks)
        {
            for (int i = length / 16 * 16; i < length; i++)
            {
                total = __dadd_rn(total, (double)from[i]);
            }

            shared.picking.blockSums[block] = total;
        }
    }

    __syncthreads();
    if (threadIdx.x == 0)
    {
        double total = 0.0;
        for (int block = 0; block < blocks; block++)
        {
            total = __dadd_rn(total, shared.picking.blockSums[block]);
        }

        const double target = __dmul_rn(u, total);
        double sum = 0.0, before = 0.0;
        int found = 0;
        for (int block = 0; block < blocks && sum <= target; block++)
        {
            if (shared.picking.blockSums[block] > 0)
            {
                found = block;
                before = sum;
            }

            sum = __dadd_rn(sum, shared.picking.blockSums[block]);
        }

        shared.found = found;
        shared.rest = __dsub_rn(target, before);
    }

    __syncthreads();
    const int block = shared.found, length = min(BLOCK, n - block * BLOCK);
    if (threadIdx.x < 32)
    {
        // What weighs nothing is left out first, in order.
        float weight[BLOCK / 32];
#pragma unroll
        for (int j = 0; j < BLOCK / 32; j++)
        {
            const int i = j * 32 + threadIdx.x;
            weight[j] = i < length ? weights[block * BLOCK + i] : 0.0f;
        }

        int kept = 0;
#pragma unroll
        for (int j = 0; j < BLOCK / 32; j++)
        {
            const u32 votes = __ballot_sync(0xffffffffu, weight[j] > 0.0f);
            if (weight[j] > 0.0f)
            {
                const int at = kept + __popc(votes & ((1u << threadIdx.x) - 1));
                shared.picking.kept[at] = j * 32 + threadIdx.x;
                shared.picking.keptWeight[at] = weight[j];
            }

            kept += __popc(votes);
        }

        __syncwarp();
        if (threadIdx.x == 0)
        {
            // Eight at a time, so that their loads do not wait for the sum; added one after the other.
            double sum = 0.0;
            int at = 0;
            for (bool beyond = false; !beyond && at < kept;)
            {
                float next[8];
#pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    next[i] = at + i < kept ? shared.picking.keptWeight[at + i] : 0.0f;
                }

#pragma unroll
                for (int i = 0; i < 8; i++)
                {
                    if (!beyond && at < kept)
                    {
                        sum = __dadd_rn(sum, (double)next[i]);
                        beyond = sum > shared.rest;
                        at++;
                    }
                }
            }

            const int last = kept > 0 ? shared.picking.kept[at - 1] : 0;
            shared.index = block * BLOCK + last;
        }
    }

    __syncthreads();
    return shared.index;
}

__device__ void adjust(const float* logits, const SampleRow& row, const int* biasIds, const float* biasValues, const int* counts, float* values, int n)
{
    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        values[i] = logits[i];
    }

    __syncthreads();
    for (int i = threadIdx.x; i < row.biasCount; i += THREADS)
    {
        const int id = biasIds[row.biasStart + i];
        values[id] = __fadd_rn(values[id], biasValues[row.biasStart + i]);
    }

    __syncthreads();
    if (counts == nullptr)
    {
        return;
    }

    for (int i = threadIdx.x; i < n; i += THREADS)
    {
        const int state = counts[i];
        if (state > 0)
        {
            float value = values[i];
            value = value > 0 ? __fdiv_rn(value, row.repetition) : __fmul_rn(value, row.repetition);
            values[i] = state > 1 ? __fsub_rn(value, __fadd_rn(row.presence, __fmul_rn(row.frequency, (float)(state - 1)))) : value;
        }
    }

    __syncthreads();
}

__device__ void log_probabilities(Shared& shared, const float* logits, float* work, int n, const SampleRow& row, SampleResult& result, int id)
{
    finite_max(shared, logits, n);
    const float max = shared.max;
    weigh(logits, max, 1.0f, work, n);
    ordered_sum(shared, work, n);
    const double logSum = log(shared.total);
    const int count = min(row.top, n);
    if (threadIdx.x == 0)
    {
        result.logProb = (float)__dsub_rn(__dsub_rn((double)logits[id], (double)max), logSum);
        result.topCount = count;
    }

    float lastValue = 0.0f;
    int lastId = -1;
    for (int place = 0; place < count; place++)
    {
        float best = NEG_INF;
        int index = 0x7fffffff;
#pragma unroll 4
        for (int i = threadIdx.x; i < n; i += THREADS)
        {
            const float v = logits[i];
            const bool open = place == 0 || v < lastValue || (v == lastValue && i > lastId);
            if (open && v > best)
            {
                best = v;
                index = i;
            }
        }

        block_best(shared, best, index);
        lastValue = shared.max;
        lastId = shared.index;
        if (threadIdx.x == 0)
        {
            result.topIds[place] = lastId;
            result.topLogProbs[place] = (float)__dsub_rn(__dsub_rn((double)lastValue, (double)max), logSum);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    sample(const float* logits, const SampleRow* rows, const int* biasIds, const float* biasValues, int* counts, float* work, int* ids, SampleResult* results, int vocabulary)
{
    __shared__ Shared shared;
    __shared__ SampleRow row;
    let_next_kernel_start();
    wait_for_previous_kernel();
    const int n = vocabulary;
    if (threadIdx.x < sizeof(SampleRow) / sizeof(int))
    {
        ((int*)&row)[threadIdx.x] = ((const int*)(rows + blockIdx.x))[threadIdx.x];
    }

    __syncthreads();
    if (row.given < -1)
    {
        return;
    }

    SampleResult& result = results[blockIdx.x];
    logits += (long long)blockIdx.x * n;
    work += (long long)blockIdx.x * n;
    int* seen = row.counts >= 0 ? counts + (long long)row.counts * n : nullptr;

    const float* values = logits;
    bool fine = finite_max(shared, logits, n);
    if (fine && (seen != nullptr || row.biasCount > 0))
    {
        adjust(logits, row, biasIds, biasValues, seen, work, n);
        values = work;
        fine = finite_max(shared, values, n);
    }

    if (!fine)
    {
        if (threadIdx.x == 0)
        {
            result.id = -1;
            result.badId = shared.bad;
            result.logProb = values[shared.bad];
            ids[blockIdx.x] = 0;
        }

        return;
    }

    int id = row.given >= 0 ? row.given : shared.index;
    if (row.temperature != 0)
    {
        const float max = shared.max;
        __syncthreads();
        weigh(values, max, row.temperature, work, n);
        if (row.topK > 0 && row.topK < n && count_positive(shared, work, n) > row.topK)
        {
            search(shared, work, n, 0.0f, row.topK, 0.0, false);
            cut(shared, work, n);
        }

        if (row.topP < 1)
        {
            ordered_sum(shared, work, n);
            const double total = shared.total;
            const float floor = (float)__ddiv_rn(__dmul_rn((double)__fsub_rn(1.0f, row.topP), total), __dmul_rn(2.0, (double)n));
            search(shared, work, n, floor, 0x7fffffff, __dmul_rn((double)row.topP, total), true);
            cut(shared, work, n);
        }

        if (row.minP > 0)
        {
            if (threadIdx.x == 0)
            {
                shared.value = __float_as_int(row.minP);
                shared.ties = shared.keptCount = 0;
            }

            __syncthreads();
            cut(shared, work, n);
        }

        id = pick(shared, work, n, uniform(row.seed, row.position));
    }

    if (threadIdx.x == 0)
    {
        result.id = id;
        ids[blockIdx.x] = id;
        if (seen != nullptr && row.countIt)
        {
            seen[id] = max(seen[id], 1) + 1;
        }
    }

    if (row.top >= 0)
    {
        __syncthreads();
        log_probabilities(shared, logits, work, n, row, result, id);
    }
}

extern "C" __global__ void take_tokens(int* tokens, const int* ids, int n)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    {
        if (tokens[i] < 0)
        {
            tokens[i] = ids[~tokens[i]];
        }
    }
}
