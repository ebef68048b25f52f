// Every operator for any shape, element type and alignment: right before fast. Shapes that the fast kernels do not take come here.
// Types: 0 f32, 1 bf16, 2 f16, 3 e4m3 (Float8Bits). Rows whose position is negative are padding of a recorded step: nothing is read or written for them.
// Each row's sums have an order of their own that no other row and no launch size changes.

#define BF16 1
#define F16 2
#define E4M3 3
#define INFINITY_F __int_as_float(0x7f800000)

__device__ __forceinline__ float get(const void* p, int type, long long i) {
  if (type == 0) return ((const float*)p)[i];
  if (type == E4M3) {
    unsigned byte = ((const unsigned char*)p)[i], rest = byte & 0x7f;
    float value = __uint_as_float(rest == 0x7f ? 0x7fc00000u : rest << 20) * __uint_as_float(247u << 23);
    return byte & 0x80 ? -value : value;
  }
  unsigned short bits = ((const unsigned short*)p)[i];
  if (type == BF16) return __uint_as_float((unsigned)bits << 16);
  float value;
  asm("{cvt.f32.f16 %0, %1;}" : "=f"(value) : "h"(bits));
  return value;
}

__device__ __forceinline__ void put(void* p, int type, long long i, float value) {
  if (type == 0) {
    ((float*)p)[i] = value;
    return;
  }
  if (type == E4M3) {
    unsigned sign = __float_as_uint(value) >> 24 & 0x80, bits = __float_as_uint(fminf(fabsf(value), 448.f));
    if (value != value) bits = 0x7f;
    else if (bits < 0x3c800000u) bits = (unsigned)rintf(__uint_as_float(bits) * 512.f);
    else bits = ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
    ((unsigned char*)p)[i] = (unsigned char)(sign | bits);
    return;
  }
  unsigned short bits;
  if (type == BF16) asm("{cvt.rn.bf16.f32 %0, %1;}" : "=h"(bits) : "f"(value));
  else asm("{cvt.rn.f16.f32 %0, %1;}" : "=h"(bits) : "f"(value));
  ((unsigned short*)p)[i] = bits;
}

__device__ __forceinline__ float warp_sum(float value) {
  for (int mask = 16; mask > 0; mask >>= 1) value += __shfl_xor_sync(0xffffffffu, value, mask);
  return value;
}

// 256 threads; the sum is the same in all of them.
__device__ __forceinline__ float block_sum(float value, float* shared) {
  value = warp_sum(value);
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = value;
  __syncthreads();
  float sum = 0;
  for (int w = 0; w < 8; w++) sum += shared[w];
  __syncthreads();
  return sum;
}

// to[i] = from[i], any types. grid: any, 256 threads.
extern "C" __global__ void convert(const void* from, int fromType, void* to, int toType, long long count) {
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < count; i += gridDim.x * 256ll) put(to, toType, i, get(from, fromType, i));
}

// high[i] + low[i] = x[i] to 2^-17 of it, high the nearest bf16. grid: any, 256 threads.
extern "C" __global__ void split_in_two(const float* x, unsigned short* high, unsigned short* low, long long count) {
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < count; i += gridDim.x * 256ll) {
    float value = x[i];
    put(high, BF16, i, value);
    put(low, BF16, i, value - get(high, BF16, i));
  }
}

// Blocks of blockBytes at addresses, seen as one run: bytes [start, start + count) to flat (gather) or from it. All multiples of 16. grid: any, 256 threads.
extern "C" __global__ void move_blocks(const unsigned long long* addresses, void* flat, long long blockBytes, long long start, long long count, int gather) {
  for (long long i = (blockIdx.x * 256ll + threadIdx.x) * 16; i < count; i += gridDim.x * 4096ll) {
    uint4* mine = (uint4*)(addresses[(start + i) / blockBytes] + (start + i) % blockBytes);
    uint4* other = (uint4*)((char*)flat + i);
    if (gather) *other = *mine;
    else *mine = *other;
  }
}

// x[t] = table[tokens[t]]; x [T, C], table [V, C]. grid T, 256 threads.
extern "C" __global__ void embed(const int* tokens, const void* table, int tableType, void* x, int xType, int columns) {
  long long row = blockIdx.x, from = (long long)tokens[row] * columns;
  for (int c = threadIdx.x; c < columns; c += 256) put(x, xType, row * columns + c, get(table, tableType, from + c));
}

// y[i] = x[rows[i]]. grid rows, 256 threads.
extern "C" __global__ void gather_rows(const void* x, int xType, const int* rows, void* y, int yType, int columns) {
  long long to = blockIdx.x, from = (long long)rows[to] * columns;
  for (int c = threadIdx.x; c < columns; c += 256) put(y, yType, to * columns + c, get(x, xType, from + c));
}

// y[t] = x[t] / sqrt(mean(x[t]^2) + epsilon) * weight. grid T, 256 threads. x and y may be the same.
extern "C" __global__ void rms_norm(const void* x, int xType, const float* weight, float epsilon, void* y, int yType, int columns) {
  __shared__ float shared[8];
  long long row = (long long)blockIdx.x * columns;
  float sum = 0;
  for (int c = threadIdx.x; c < columns; c += 256) {
    float value = get(x, xType, row + c);
    sum = fmaf(value, value, sum);
  }
  sum = block_sum(sum, shared);
  float inverse = rsqrtf(sum / columns + epsilon);
  for (int c = threadIdx.x; c < columns; c += 256) put(y, yType, row + c, get(x, xType, row + c) * inverse * weight[c]);
}

// y[t, n] = sum over k of x[t, k] * w[n, k] (+ y[t, n]). One warp a result; grid ceil(T*N/8), 256 threads.
extern "C" __global__ void project_any(const void* x, int xType, const void* w, int wType, void* y, int yType, int accumulate, int rows, int n, int k) {
  long long item = blockIdx.x * 8ll + (threadIdx.x >> 5);
  if (item >= (long long)rows * n) return;
  long long t = item / n, from = (item % n) * k;
  float sum = 0;
  for (int i = threadIdx.x & 31; i < k; i += 32) sum = fmaf(get(x, xType, t * k + i), get(w, wType, from + i), sum);
  sum = warp_sum(sum);
  if ((threadIdx.x & 31) == 0) put(y, yType, item, accumulate ? get(y, yType, item) + sum : sum);
}

// Half-split rotation in place, x [T, heads * 2 * half]. frequencies: half values, then stretched rows of half values for positions from stretchStart on.
// The angle is an f32 product, its cosine and sine are exact to f32. grid T, 256 threads.
extern "C" __global__ void rope(void* x, int xType, const int* positions, const float* frequencies, int stretchStart, int stretchedRows, float factor, int heads, int half) {
  int position = positions[blockIdx.x];
  if (position < 0) return;
  const float* mine = frequencies;
  if (position >= stretchStart) mine += (long long)half * (1 + min(position - stretchStart, stretchedRows - 1));
  for (int item = threadIdx.x; item < heads * half; item += 256) {
    int i = item % half;
    float angle = position * mine[i], sine, cosine;
    sincosf(angle, &sine, &cosine);
    sine *= factor;
    cosine *= factor;
    long long at = (long long)blockIdx.x * heads * 2 * half + (long long)(item / half) * 2 * half + i;
    float a = get(x, xType, at), b = get(x, xType, at + half);
    put(x, xType, at, a * cosine - b * sine);
    put(x, xType, at + half, b * cosine + a * sine);
  }
}

// Row t's keys and values [G, D] to its page [G, P, D]. pageStart[t] + position / P is the place of its page in pageIds. grid T, 256 threads.
extern "C" __global__ void store_key_value(const void* keys, const void* values, int xType, void* keyPages, void* valuePages, int pageType, const int* positions,
    const int* pageStart, const int* pageIds, int groups, int pageTokens, int dim) {
  int position = positions[blockIdx.x];
  if (position < 0) return;
  long long page = pageIds[pageStart[blockIdx.x] + position / pageTokens];
  for (int item = threadIdx.x; item < groups * dim; item += 256) {
    long long at = ((page * groups + item / dim) * pageTokens + position % pageTokens) * dim + item % dim;
    put(keyPages, pageType, at, get(keys, xType, (long long)blockIdx.x * groups * dim + item));
    put(valuePages, pageType, at, get(values, xType, (long long)blockIdx.x * groups * dim + item));
  }
}

// Causal softmax attention of one row and head by one warp, over tiles of 32 positions that begin at multiples of 32. D <= 256.
// grid (T, heads), 32 threads, D floats shared.
extern "C" __global__ void attend_any(const void* queries, int xType, const void* keyPages, const void* valuePages, int pageType, void* output, const int* positions,
    const int* pageStart, const int* pageIds, int groups, int pageTokens, int dim, int window, float scale) {
  extern __shared__ float query[];
  int position = positions[blockIdx.x], lane = threadIdx.x, head = blockIdx.y, group = head / (gridDim.y / groups);
  if (position < 0) return;
  long long row = ((long long)blockIdx.x * gridDim.y + head) * dim;
  for (int d = lane; d < dim; d += 32) query[d] = get(queries, xType, row + d);
  __syncwarp();
  const int* pages = pageIds + pageStart[blockIdx.x];
  int first = window > position ? 0 : position - window + 1;
  float maximum = -INFINITY_F, sum = 0, result[8];
  for (int j = 0; j < 8; j++) result[j] = 0;
  for (int tile = first & ~31; tile <= position; tile += 32) {
    int p = tile + lane;
    bool visible = p >= first && p <= position;
    long long at = 0;
    float score = -INFINITY_F;
    if (visible) {
      at = (((long long)pages[p / pageTokens] * groups + group) * pageTokens + p % pageTokens) * dim;
      score = 0;
      for (int d = 0; d < dim; d++) score = fmaf(query[d], get(keyPages, pageType, at + d), score);
      score *= scale;
    }
    float best = score;
    for (int mask = 16; mask > 0; mask >>= 1) best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, mask));
    best = fmaxf(best, maximum);
    float keep = expf(maximum - best), weight = visible ? expf(score - best) : 0;
    sum = fmaf(sum, keep, warp_sum(weight));
    maximum = best;
    for (int j = 0; j < 8; j++) result[j] *= keep;
    for (int other = 0; other < 32; other++) {
      float part = __shfl_sync(0xffffffffu, weight, other);
      long long from = __shfl_sync(0xffffffffu, at, other);
      if (tile + other < first || tile + other > position) continue;
      for (int j = 0; j < 8; j++)
        if (lane + 32 * j < dim) result[j] = fmaf(part, get(valuePages, pageType, from + lane + 32 * j), result[j]);
    }
  }
  for (int j = 0; j < 8; j++)
    if (lane + 32 * j < dim) put(output, xType, row + lane + 32 * j, result[j] / sum);
}

// gate = silu(gate) * up. grid: any, 256 threads.
extern "C" __global__ void swiglu(void* gate, const void* up, int type, long long count) {
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < count; i += gridDim.x * 256ll) {
    float g = get(gate, type, i);
    put(gate, type, i, g / (1.f + expf(-g)) * get(up, type, i));
  }
}

// x = max(0, x + bias). grid T, 256 threads.
extern "C" __global__ void bias_relu(void* x, int xType, const float* bias, int columns) {
  for (int c = threadIdx.x; c < columns; c += 256) {
    long long at = (long long)blockIdx.x * columns + c;
    put(x, xType, at, fmaxf(0.f, get(x, xType, at) + bias[c]));
  }
}

// Per row and head: (x - mean) / sqrt(variance + epsilon), in place. grid (T, heads), 32 threads.
extern "C" __global__ void group_norm(void* x, int xType, float epsilon, int size) {
  long long at = ((long long)blockIdx.x * gridDim.y + blockIdx.y) * size;
  float sum = 0, squares = 0;
  for (int i = threadIdx.x; i < size; i += 32) sum += get(x, xType, at + i);
  float mean = warp_sum(sum) / size;
  for (int i = threadIdx.x; i < size; i += 32) {
    float off = get(x, xType, at + i) - mean;
    squares = fmaf(off, off, squares);
  }
  float inverse = rsqrtf(warp_sum(squares) / size + epsilon);
  for (int i = threadIdx.x; i < size; i += 32) put(x, xType, at + i, (get(x, xType, at + i) - mean) * inverse);
}

// SUPRA, recurrent form: S += k' v, o = q S, S *= gamma, k' = k / sqrt(D); one thread a column of S, rows of a sequence one after the other.
// states [slots, H, D, D]. segments [n, 5]: first row, rows, start, page offset, slot. grid (segments, H, ceil(D/32)), 32 threads.
extern "C" __global__ void linear_attention_any(const void* queries, const void* keys, const void* values, int xType, float* states, long long slotElements, const int* segments,
    const float* decay, void* output, int groups, int dim) {
  int head = blockIdx.y, heads = gridDim.y, group = head / (heads / groups), column = blockIdx.z * 32 + threadIdx.x;
  const int* segment = segments + 5 * blockIdx.x;
  int slot = segment[4], first = segment[0], count = segment[1];
  if (slot < 0 || column >= dim) return;
  float gamma = decay[head], norm = 1.f / sqrtf((float)dim);
  float* state = states + slot * slotElements + (long long)head * dim * dim + column;
  for (int row = first; row < first + count; row++) {
    long long q = ((long long)row * heads + head) * dim, k = ((long long)row * groups + group) * dim;
    float value = get(values, xType, k + column), sum = 0;
    for (int i = 0; i < dim; i++) {
      float s = fmaf(get(keys, xType, k + i) * norm, value, state[i * dim]);
      sum = fmaf(get(queries, xType, q + i), s, sum);
      state[i * dim] = s * gamma;
    }
    put(output, xType, q + column, sum);
  }
}

// The same in chunks of C > 1 tokens that begin at multiples of C. tables [H, 3C + 1]: gamma^j, gamma^e / sqrt(D), gamma^(C-m) / sqrt(D), gamma^C. A slot: S [H, D, D], then the
// keys and values [C-1, G, D] of the open chunk, of openType. grid (segments, H, ceil(D/32)), 32 threads; a lane has a column, a score is the warp's.
extern "C" __global__ void linear_attention_chunks_any(const void* queries, const void* keys, const void* values, int xType, float* states, long long slotElements, int chunk,
    int openType, const int* segments, const float* tables, void* output, int groups, int dim) {
  int head = blockIdx.y, heads = gridDim.y, group = head / (heads / groups), column = blockIdx.z * 32 + threadIdx.x;
  const int* segment = segments + 5 * blockIdx.x;
  int slot = segment[4], first = segment[0], count = segment[1];
  if (slot < 0) return;
  bool active = column < dim;
  column = active ? column : 0;
  const float *left = tables + head * (3 * chunk + 1), *distance = left + chunk, *keep = distance + chunk;
  float* state = states + slot * slotElements + (long long)head * dim * dim + column;
  const float* open = states + slot * slotElements + (long long)heads * dim * dim;
  long long openValues = (long long)(chunk - 1) * groups * dim;
  for (int i = 0; i < count; i++) {
    int place = (segment[2] + i) % chunk;
    long long q = ((long long)(first + i) * heads + head) * dim;
    float sum = 0;
    for (int d = 0; d < dim; d++) sum = fmaf(get(queries, xType, q + d), state[d * dim], sum);
    sum *= left[place];
    for (int m = 0; m <= place; m++) {
      bool old = m < place - i;
      long long at = old ? ((long long)m * groups + group) * dim : ((long long)(first + i - place + m) * groups + group) * dim;
      float score = 0;
      for (int d = threadIdx.x; d < dim; d += 32) score = fmaf(get(queries, xType, q + d), old ? get(open, openType, at + d) : get(keys, xType, at + d), score);
      score = warp_sum(score) * distance[place - m];
      sum = fmaf(score, old ? get(open, openType, openValues + at + column) : get(values, xType, at + column), sum);
    }
    if (active) put(output, xType, q + column, sum);
    if (place < chunk - 1 || !active) continue;
    for (int d = 0; d < dim; d++) {
      float s = state[d * dim] * left[3 * chunk];
      for (int m = 0; m < chunk; m++) {
        bool old = m < place - i;
        long long at = old ? ((long long)m * groups + group) * dim : ((long long)(first + i - place + m) * groups + group) * dim;
        float key = old ? get(open, openType, at + d) : get(keys, xType, at + d);
        s = fmaf(keep[m] * key, old ? get(open, openType, openValues + at + column) : get(values, xType, at + column), s);
      }
      state[d * dim] = s;
    }
  }
}

// After it: the rows of chunks that stay open go to the slot. grid segments, 256 threads.
extern "C" __global__ void keep_open_any(const void* keys, const void* values, int xType, float* states, long long slotElements, int chunk, int openType, const int* segments,
    int heads, int groups, int dim) {
  const int* segment = segments + 5 * blockIdx.x;
  int slot = segment[4], first = segment[0], count = segment[1], open = (segment[2] + count) % chunk, width = groups * dim;
  if (slot < 0) return;
  float* to = states + slot * slotElements + (long long)heads * dim * dim;
  int from = open > count ? open - count : 0;
  for (int item = from * width + threadIdx.x; item < open * width; item += 256) {
    long long row = (long long)(first + count - open) * width + item;
    put(to, openType, item, get(keys, xType, row));
    put(to, openType, (long long)(chunk - 1) * width + item, get(values, xType, row));
  }
}
