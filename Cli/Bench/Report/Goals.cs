namespace OrleansLM.Cli.Bench.Report;

/// <summary>The numbers that OrleansLM is built to reach, in the order of the README's table.</summary>
public static class Goals
{
    public static IReadOnlyList<Goal> All { get; } =
    [
        new("H200, Mistral 7B bf16: decode, one session at 1k", "decode/mistral-7b/batch1/1024", GoalMeasure.AtLeast, 265),
        new("same at 128k", "decode/mistral-7b/batch1/131072", GoalMeasure.AtLeast, 120),
        new("same, 64 sessions at 4k: share of the memory's speed", "decode/mistral-7b/batch64/4096", GoalMeasure.ShareOfLimit, 0.8),
        new("same: prefill of 32k tokens", "prefill/mistral-7b/32768", GoalMeasure.AtMost, 1.4),
        new("same: prefill of 128k tokens", "prefill/mistral-7b/131072", GoalMeasure.AtMost, 12),
        new("H200, weights from files to the device: share of the bus", "upload/checkpoint", GoalMeasure.ShareOfLimit, 0.5),
        new("two H200, busy batch, against twice one", "pipeline/busy/2-devices", GoalMeasure.ShareOfLimit, 0.95),
        new("four H200, busy batch, against four times one", "engine/4-devices", GoalMeasure.ShareOfLimit, 0.925),
        new("H200: passkeys found at 32k, of 12 (tiny model)", "passkey/tiny-yarn-mistral-128k/32768", GoalMeasure.AtLeast, 12),
        new("H200: passkeys found at 128k, of 12 (tiny model)", "passkey/tiny-yarn-mistral-128k/131072", GoalMeasure.AtLeast, 10),
        new("CPU, 1B bf16: decode, share of the read bandwidth", "decode/1b/batch1", GoalMeasure.ShareOfLimit, 0.88),
        new("CPU, 1B: prefill of 512, share of the f32 peak", "prefill/1b/512", GoalMeasure.ShareOfLimit, 0.6),
        new("CPU, 1B: prefill of 4096, share of the f32 peak", "prefill/1b/4096", GoalMeasure.ShareOfLimit, 0.6),
        new("CPU, SUPRA 1B: prefill of 512, share of the f32 peak", "prefill/supra-1b/512", GoalMeasure.ShareOfLimit, 0.5),
        new("served over gRPC: added to a token of the bare engine", "serve/1/added_per_token", GoalMeasure.AtMost, 100),
        new("link between stages, frames of 8 MiB: share of the bare socket", "link/throughput/8MiB", GoalMeasure.ShareOfLimit, 0.8),
        new("link between stages: added to a hop of one token", "link/added a hop", GoalMeasure.AtMost, 60),
        new("silo killed while it generates: stream goes on after (median)", "chaos/KillSilo/recovery_median", GoalMeasure.AtMost, 5),
        new("all faults: transcripts that differ from an undisturbed run", "chaos/wrong_transcripts", GoalMeasure.AtMost, 0),
        new("16k session moved while it generates: pause (median)", "move/tiny-yarn-mistral-128k/16384/pause/median", GoalMeasure.AtMost, 200),
        new("session woken at 32k, against computing it anew", "state/tiny-yarn-mistral-128k/32768/wake_against_recompute", GoalMeasure.AtLeast, 10),
    ];
}
