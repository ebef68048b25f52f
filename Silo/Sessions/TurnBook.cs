using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>The turns of a session by id and by idempotency key. Guarded by its owner.</summary>
internal sealed class TurnBook
{
    private readonly List<TurnRecord> _turns;

    public TurnBook(IReadOnlyList<TurnRecord> turns)
    {
        _turns = [.. turns];
    }

    /// <summary>The latest turn, not counting the one given.</summary>
    public string? LastBefore(string turnId) => _turns.FindLast(turn => turn.TurnId != turnId)?.TurnId;

    public TurnRecord? Find(string turnId) => _turns.FindLast(turn => turn.TurnId == turnId);

    /// <summary>The turn that a command with this key started; null when there is none.</summary>
    /// <exception cref="OrleansLMException">InvalidArgument: the key belongs to another request.</exception>
    public TurnRecord? FindByKey(string key, byte[] commandHash)
    {
        var turn = _turns.FindLast(turn => turn.IdempotencyKey == key);
        if (turn is not null && !turn.CommandHash.AsSpan().SequenceEqual(commandHash))
        {
            throw new OrleansLMException(
                ErrorCode.InvalidArgument, $"idempotency_key: '{key}' started turn '{turn.TurnId}' with another request; expected the same request or another key")
            {
                Field = "idempotency_key",
                TurnId = turn.TurnId,
            };
        }

        return turn;
    }

    /// <summary>A copy, oldest first.</summary>
    public IReadOnlyList<TurnRecord> All() => _turns.ToArray();

    public void Add(TurnRecord turn) => _turns.Add(turn);

    public void Replace(TurnRecord turn) => _turns[_turns.FindLastIndex(known => known.TurnId == turn.TurnId)] = turn;

    public void Remove(string turnId) => _turns.RemoveAll(turn => turn.TurnId == turnId);

    /// <summary>Marks ended turns that lose tokens.</summary>
    public void RollBack(int position)
    {
        for (var i = _turns.Count - 1; i >= 0; i--)
        {
            if (_turns[i] is { State: TurnState.Ended, End.SessionLength: var end } turn && end > position)
            {
                _turns[i] = turn with { State = TurnState.RolledBack };
            }
        }
    }
}
