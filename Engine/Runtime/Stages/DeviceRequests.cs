using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What an engine elsewhere asks of a step's rows of logits, and what the device answers.</summary>
internal sealed class DeviceRequests(DeviceAnswers answers, int vocabulary) : IDisposable
{
    private int _rows;

    /// <summary>Queues the head and the choices.</summary>
    /// <exception cref="InvalidDataException">What is asked for does not go together.</exception>
    public void Queue(in RowRequests requests, StepBatch batch, Matrix hidden, long step)
    {
        requests.Require(vocabulary, CountBook.SlotsFor(vocabulary));
        _rows = requests.Rows.Length;
        answers.Begin(_rows, requests.BiasIds.Length);
        var (bias, fill) = (0, 0);
        for (var i = 0; i < _rows; i++)
        {
            ref readonly var request = ref requests.Rows[i];
            var fills = requests.Fills.Slice(fill, 2 * Math.Max(0, request.FillCount));
            Ask(i, request, requests.BiasIds.Slice(bias, request.BiasCount), requests.BiasValues.Slice(bias, request.BiasCount), fills);
            (bias, fill) = (bias + request.BiasCount, fill + fills.Length);
        }

        answers.Queue(batch, hidden, step);
    }

    /// <summary>Once the step is done: the results, as <see cref="ResultWire"/> reads them.</summary>
    public void Write(FrameWriter frame)
    {
        var copied = 0;
        for (var row = 0; row < _rows; row++)
        {
            if (answers.IsLeftOut(row))
            {
                frame.Write((int)RowResultKind.Logits);
                frame.Write(answers.Logits(copied++));
                continue;
            }

            var token = answers.Token(row, out var error);
            if (error is null)
            {
                ResultWire.WriteToken(token, frame);
            }
            else
            {
                ResultWire.WriteError(error.Message, frame);
            }
        }
    }

    public void Dispose() => answers.Dispose();

    private void Ask(int row, in RowRequest request, ReadOnlySpan<int> biasIds, ReadOnlySpan<float> biasValues, ReadOnlySpan<int> fills)
    {
        if (request.Kind == RowRequestKind.Logits || answers.Sampler is not { } sampler)
        {
            answers.LeaveOut(row);
            return;
        }

        if (request.Kind == RowRequestKind.Score)
        {
            answers.Exchange.Score(row, request.GivenToken, request.Top, request.Position);
            return;
        }

        if (request.FillCount >= 0)
        {
            sampler.Fill(request.Counts, fills);
        }

        answers.Exchange.Choose(row, request, biasIds, biasValues);
    }
}
