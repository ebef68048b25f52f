using System.Security.Cryptography;
using System.Text.Json;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>Tells whether two commands with one idempotency key are the same request.</summary>
internal static class CommandHash
{
    public const int MaxKeyLength = 128;

    /// <summary>SHA-256 over what decides the result, [32]; null when the command has no key.</summary>
    public static byte[]? Of(TurnCommand command)
    {
        if (string.IsNullOrEmpty(command.IdempotencyKey))
        {
            return null;
        }

        if (command.IdempotencyKey.Length > MaxKeyLength)
        {
            throw OrleansLMException.Invalid("idempotency_key", $"has {command.IdempotencyKey.Length} characters; expected {MaxKeyLength} at most");
        }

        var bias = command.Sampling.LogitBias;
        var canonical = command with
        {
            IdempotencyKey = null,
            OnDisconnect = DisconnectPolicy.Continue,
            Sampling = command.Sampling with { LogitBias = bias is null ? null : new SortedDictionary<int, float>(bias.ToDictionary()) },
        };
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(canonical, LogJson.Default.TurnCommand));
    }
}
