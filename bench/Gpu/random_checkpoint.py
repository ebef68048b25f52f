"""A 7B Mistral shape with random bf16 weights as a model folder, written straight from the GPU's random numbers: for `bench gpu --engine FOLDER`.

python3 bench/Gpu/random_checkpoint.py FOLDER
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file

HIDDEN, MIDDLE, LAYERS, VOCABULARY, KEYS = 4096, 14336, 32, 32000, 1024


def random(rows, columns):
    return (torch.rand(rows, columns, device="cuda") * 2 - 1).mul_(1.7 / columns ** 0.5).to(torch.bfloat16).cpu()


def layer(index):
    name, ones = f"model.layers.{index}.", torch.ones(HIDDEN, dtype=torch.bfloat16)
    return {
        name + "input_layernorm.weight": ones, name + "post_attention_layernorm.weight": ones.clone(),
        name + "self_attn.q_proj.weight": random(HIDDEN, HIDDEN), name + "self_attn.k_proj.weight": random(KEYS, HIDDEN),
        name + "self_attn.v_proj.weight": random(KEYS, HIDDEN), name + "self_attn.o_proj.weight": random(HIDDEN, HIDDEN),
        name + "mlp.gate_proj.weight": random(MIDDLE, HIDDEN), name + "mlp.up_proj.weight": random(MIDDLE, HIDDEN), name + "mlp.down_proj.weight": random(HIDDEN, MIDDLE),
    }


def main(folder):
    torch.manual_seed(0)
    os.makedirs(folder, exist_ok=True)
    shards = [{"model.embed_tokens.weight": random(VOCABULARY, HIDDEN), "lm_head.weight": random(VOCABULARY, HIDDEN),
               "model.norm.weight": torch.ones(HIDDEN, dtype=torch.bfloat16)}]
    places, total = {}, 0
    for number in range(LAYERS + 1):
        shard = shards[0] if number == 0 else layer(number - 1)
        file = f"model-{number + 1:05}-of-{LAYERS + 1:05}.safetensors"
        save_file(shard, os.path.join(folder, file), metadata={"format": "pt"})
        places.update({name: file for name in shard})
        total += sum(tensor.numel() * 2 for tensor in shard.values())
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as index:
        json.dump({"metadata": {"total_size": total}, "weight_map": places}, index)
    with open(os.path.join(folder, "config.json"), "w") as config:
        json.dump({"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": HIDDEN, "intermediate_size": MIDDLE, "num_hidden_layers": LAYERS,
                   "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": None,
                   "max_position_embeddings": 131072, "hidden_act": "silu", "tie_word_embeddings": False, "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2}, config)


main(sys.argv[1])
