using OrleansLM.Cpu;

return CpuBench.Run(args);
