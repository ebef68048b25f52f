"""Hugging Face transformers on the same machine and shapes: times prefill and decode of a 7B shape with random weights, and leaves logits to compare with.

python3 bench/Gpu/transformers_baseline.py [--parity FOLDER] [--times]
  --parity FOLDER   writes a random model (safetensors, config.json), ids.i32 and logits.f32 [tokens, vocabulary] there, for `bench gpu --parity FOLDER`
  --times           prints tokens a second of greedy decode and seconds of prefill
"""
import argparse
import time

import torch
from transformers import DynamicCache, MistralConfig, MistralForCausalLM


def build(layers):
    torch.manual_seed(0)
    config = MistralConfig(vocab_size=32000, hidden_size=4096, intermediate_size=14336, num_hidden_layers=layers, num_attention_heads=32, num_key_value_heads=8,
                           head_dim=128, max_position_embeddings=131072, rms_norm_eps=1e-5, sliding_window=None, tie_word_embeddings=False, rope_theta=10000.0,
                           attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = MistralForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    return model


@torch.no_grad()
def parity(model, folder, tokens):
    model.save_pretrained(folder, max_shard_size="5GB")
    ids = torch.randint(0, 32000, (1, tokens), generator=torch.Generator().manual_seed(1))
    narrow = model(ids.cuda()).logits[0].float()
    wide = model.float()(ids.cuda()).logits[0]
    model.bfloat16()
    error = ((narrow - wide).norm(dim=1) / wide.norm(dim=1)).max().item()
    ids[0].numpy().astype("int32").tofile(f"{folder}/ids.i32")
    wide.cpu().numpy().tofile(f"{folder}/logits.f32")
    narrow.cpu().numpy().tofile(f"{folder}/logits.bf16.f32")
    print(f"parity: {tokens} tokens, largest logit {wide.abs().max().item():.3f}; transformers in bf16 against itself in f32 (same weights): {error:.4f} in the worst row", flush=True)


@torch.no_grad()
def prefill(model, tokens, chunk=8192):
    ids = torch.randint(0, 32000, (1, tokens), device="cuda")
    torch.cuda.synchronize()
    started = time.perf_counter()
    cache = DynamicCache()
    for start in range(0, tokens, chunk):
        model(ids[:, start:start + chunk], past_key_values=cache, use_cache=True, logits_to_keep=1)
    torch.cuda.synchronize()
    return time.perf_counter() - started, cache


@torch.no_grad()
def decode(model, cache, steps):
    token = torch.zeros((1, 1), dtype=torch.long, device="cuda")
    for i in range(steps + 3):
        if i == 3:
            torch.cuda.synchronize()
            started = time.perf_counter()
        token = model(token, past_key_values=cache, use_cache=True).logits[:, -1:].argmax(-1)
        token.item()
    return steps / (time.perf_counter() - started)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--parity")
    arguments.add_argument("--times", action="store_true")
    arguments.add_argument("--layers", type=int, default=32)
    arguments.add_argument("--contexts", default="1024,32768")
    options = arguments.parse_args()
    model = build(options.layers)
    if options.parity:
        parity(model, options.parity, 512)
    if options.times:
        prefill(model, 1024)
        for tokens in map(int, options.contexts.split(",")):
            seconds, cache = prefill(model, tokens)
            print(f"transformers prefill {tokens}: {seconds:.3f} s; decode there: {decode(model, cache, 12):.1f} tok/s", flush=True)
            del cache


main()
