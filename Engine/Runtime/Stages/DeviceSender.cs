using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Sends what a GPU computes for another process, on a thread of its own and in the order in which it was queued: while a frame waits for the device, or for the network, the next step is
/// queued already. Few are on the way together; who queues more waits.
/// </summary>
internal sealed class DeviceSender : IDisposable
{
    /// <summary>One that the device computes, one that is queued behind it, one that is being sent, and one that is being filled.</summary>
    public const int Places = 4;

    private readonly DevicePlace[] _all;
    private readonly BlockingCollection<DevicePlace> _free = [];
    private readonly BlockingCollection<DevicePlace> _queued = [];
    private readonly Action<DevicePlace> _complete;
    private readonly Thread _thread;
    private long _busy;
    private long _last;

    /// <param name="backend">Whose work it is.</param>
    /// <param name="name">Of the thread.</param>
    /// <param name="complete">Called on the sender's thread once the device is done with a place, before its frame leaves.</param>
    public DeviceSender(CudaBackend backend, string name, Action<DevicePlace> complete)
    {
        _complete = complete;
        _all = [.. Enumerable.Range(0, Places).Select(_ => new DevicePlace(backend))];
        Array.ForEach(_all, _free.Add);
        _thread = new Thread(Send) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Ticks of <see cref="Stopwatch"/> that the device had work. Any thread.</summary>
    public long BusyTicks => Volatile.Read(ref _busy);

    /// <summary>A place to fill; waits until one is free. It must be queued then, or given back.</summary>
    public DevicePlace Take()
    {
        var place = _free.Take();
        place.Clear();
        return place;
    }

    /// <summary>Nothing came of a place that was taken.</summary>
    public void GiveBack(DevicePlace place) => _free.Add(place);

    public void Queue(DevicePlace place, FrameKind kind, long step, Action<FrameKind, long, FrameWriter> target)
    {
        (place.Kind, place.Step, place.Target, place.Queued) = (kind, step, target, Stopwatch.GetTimestamp());
        _queued.Add(place);
    }

    /// <summary>What is queued is sent before; where it goes must have been closed, or that may last.</summary>
    public void Dispose()
    {
        _queued.CompleteAdding();
        _thread.Join();
        Array.ForEach(_all, place => place.Dispose());
        _queued.Dispose();
        _free.Dispose();
    }

    private void Send()
    {
        foreach (var place in _queued.GetConsumingEnumerable())
        {
            try
            {
                place.Wait();
                _complete(place);
            }
            catch (Exception error)
            {
                place.Frame.Clear().Write(error.Message);
                place.Kind = FrameKind.StepFailed;
            }

            Count(place);
            place.Target!(place.Kind, place.Step, place.Frame);
            _free.Add(place);
        }
    }

    /// <summary>The device worked on a place from when it was queued, or the one before was done, until now.</summary>
    private void Count(DevicePlace place)
    {
        var now = Stopwatch.GetTimestamp();
        Volatile.Write(ref _busy, _busy + now - Math.Max(place.Queued, _last));
        _last = now;
    }
}
